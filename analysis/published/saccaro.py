"""Saccaro: three objectives for a U-Net, two of them with a class branch."""

from analysis.published.table import FID_NETWORK, MODES, SPACES, Column, Item, Paper, PublishedTable, Row

TABLE = PublishedTable(
    Paper("Automatic Image Colorization with Adversarial and Classification Losses", "Lorenzo Saccaro"),
    "Metrics evaluated on the test set",
    ("",),
    (
        Column("FID ↓", "fid", 3),
        Column("SSIM ↑", "ssim", 3),
        Column("PSNR ↑", "psnr", 3),
        Column("LPIPS ↓", "lpips", 3),
    ),
    (
        Row(("GAN + L1",), (1.506, 0.893, 26.360, 0.098), ("unet-gan-l1",)),
        Row(("GAN + L1 + Class",), (1.217, 0.911, 27.324, 0.076), ("unet-gan-l1-class",)),
        Row(("WGAN-GP + L2 + Class (30 epochs)",), (2.593, 0.934, 27.734, 0.073), ("unet-wgan-l2-class",)),
        Row(("WGAN-GP + L2 + Class (50 epochs)",), (2.357, 0.934, 27.666, 0.073), ("unet-wgan-l2-class",)),
    ),
    {
        Item.TRAINED_ON: "202,278 photos of Places205, 205 classes",
        Item.MEASURED_ON: "23,797 other photos of Places205, its test set",
        Item.PHOTO_SIDE: "256 px",
        Item.NUM_COSTLY: "23,797",
        Item.METRIC_SPACE: SPACES["lab01"],
        Item.MODE: MODES["train"],
        Item.FID_NETWORK: FID_NETWORK,  # by way of torchmetrics
        Item.LPIPS_NETWORK: "vgg",
        Item.LENGTH: "30 epochs",
        Item.BATCH: "8 photos",
    },
    (
        "Metric space, mode, batch and networks are read from the paper's public code.",
        "Their code cuts pictures off to 8 bits for FID where ours rounds, and their PSNR is that of the pooled error, "
        "which is lower than ours, the mean over photos.",
        "FID's bias depends on N: values of another N stand beside theirs only to be looked at.",
    ),
)
