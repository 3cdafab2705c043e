"""Bothin, Norlin and Reha: colours as classes, against regression."""

from analysis.published.table import Column, Item, Paper, PublishedTable, Row

TABLE = PublishedTable(
    Paper("Comparison of Different Loss Functions for Image Colorization", "Anton Bothin, Alex Norlin and Jakub Reha"),
    "Table 1. Colorization results on the validation set of the two ImageNet classes "
    "(sports cars and passenger cars, 400 images)",
    ("Method",),
    (
        Column("AuC, non-rebal (%)", "auc", 1, 100),
        Column("AuC, rebal (%)", "auc_rebalanced", 1, 100),
        Column("VGG Top-1 Class Accuracy (%)", "classifier_top1", 1, 100),
    ),
    (
        Row(("Ground Truth",), (100.0, 100.0, 72.3)),
        Row(("Gray",), (90.9, 74.2, 69.3)),
        Row(("Random",), (88.5, 77.6, 58.0)),
        Row(("Ours (L2)",), (90.4, 74.0, 70.8), ("bins-l2",)),
        Row(("Ours (class)",), (91.9, 77.8, 73.0), ("bins-plain",)),
        Row(("Ours (full, soft)",), (85.2, 79.5, 73.0), ("bins-rebalanced-soft",)),
        Row(("Ours (full, one hot)",), (84.0, 81.3, 72.0), ("bins-rebalanced-onehot",)),
    ),
    {
        Item.TRAINED_ON: "2,112 photos of ImageNet: sports car and passenger car",
        Item.MEASURED_ON: "400 other photos of these two classes",
        Item.CLASSIFIER: "vgg16",
        Item.LENGTH: "about 15,000 steps",
        Item.BATCH: "8 photos",
    },
    (
        "“Ours” within the table are the paper's own networks; those of this sweep are called trials.",
        "Its colours are divided into 322 bins, ours into 313 as in Zhang et al. 2016, which changes the rebalanced "
        "AuC, weighted by the frequency of bins in the training photos.",
        "On 400 photos the standard error of the classifier's accuracy is 2.2 to 2.5 points.",
        "What gray, random and true colours reach on your photos is told by huetune evaluate gray|random|truth.",
    ),
)
