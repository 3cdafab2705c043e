"""Anjou and Kolodziejczyk: one network for two tasks, and one for each."""

from analysis.published.table import Column, Item, Paper, PublishedTable, Row

TABLE = PublishedTable(
    Paper("Multi-Task Image Colorization and Classification", "Filip Anjou and Stanislaw Kolodziejczyk"),
    "Table I. Quantitative comparison of multi-task and single-task models",
    ("Subset", "Model"),
    (Column("Accuracy (%)", "accuracy", 1, 100), Column("L1 loss", "l1", 1, 100)),
    (
        Row(("Train", "Single-task"), (96.4, 10.9)),
        Row(("Train", "Multi-task"), (98.0, 11.1)),
        # Two models: a classifier, and a colorizer.
        Row(
            ("Val", "Single-task"),
            (84.8, 13.3),
            ("singletask-classifier-resnet18", "singletask-colorizer-resnet18"),
        ),
        Row(("Val", "Multi-task"), (81.6, 11.6), ("multitask-resnet18",)),
    ),
    {
        Item.TRAINED_ON: "6,500 photos of ImageNet: lionfish, pufferfish, sea anemone, sea cucumber, sea snake",
        Item.MEASURED_ON: "250 photos of ImageNet's validation set, 50 of each class",
        Item.PHOTO_SIDE: "256 px",
        Item.LENGTH: "30 epochs (frozen), then 15 epochs (unfrozen)",
        # Of the code that it takes its other settings from.
        Item.BATCH: "16 photos",
    },
    (
        "On 250 photos the standard error of these accuracies is 2.3 to 2.5 points, so theirs, 84.8 and 81.6 %, can "
        "hardly be told apart.",
        "Their L1 loss is taken to be the mean of |ab − ab'| / 110, times 100, the weight it has in their loss.",
        "Our trials are measured on validation photos alone, so nothing of ours stands beside the training set.",
    ),
)
