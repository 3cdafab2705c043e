"""Nampouri, Hadjichristodoulou and Andreadis: a U-Net from scratch, against one on a pretrained ResNet-18."""

from analysis.published.table import MODES, Column, Item, Paper, PublishedTable, Row

TABLE = PublishedTable(
    Paper(
        "Image Colorization with Conditional Generative Adversarial Networks",
        "Chrysoula M. Nampouri, Christodoulos Hadjichristodoulou and Filippos Andreadis",
    ),
    "L1 loss on the test set, given in the text of its section 6",
    ("Generator",),
    (Column("L1 loss", "l1", 4),),
    (
        Row(("ResNet GAN",), (0.0945,), ("cgan-resnet18",)),
        Row(("UNet GAN",), (0.0917,), ("cgan-unet",)),
    ),
    {
        Item.TRAINED_ON: "8,000 photos of COCO's training set",
        Item.MEASURED_ON: "2,000 photos of COCO's test set",
        Item.PHOTO_SIDE: "256 px",
        Item.MODE: MODES["eval with dropout"],
        Item.LENGTH: "300 epochs",
        Item.BATCH: "16 photos",
    },
    (
        "Their L1 loss is taken to be the mean of |ab − ab'| / 110.",
        "Their dropout is on “during both training and testing”; that their L1 was measured so is our reading.",
    ),
)
