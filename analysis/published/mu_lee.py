"""Mu and Lee: what a discriminator sees in the photos of a finished colorizer."""

from analysis.published.table import NOT_SAID, Column, Item, Paper, PublishedTable, Row

TABLE = PublishedTable(
    Paper("Improving Parametric Colorization Methods Using Discriminators", "Emily Mu and Ka Wai Lee"),
    "Error of the discriminator on real and generated photos, given in the text of its introduction",
    ("Generator",),
    (Column("Error (%)", "discriminator_error", 1, 100),),
    (Row(("Zhang et al. 2016",), (2.8,), ("discriminator-finetune",)),),
    {
        Item.TRAINED_ON: NOT_SAID,
        Item.MEASURED_ON: NOT_SAID,
        Item.LENGTH: NOT_SAID,
    },
    (
        "Ours is the error at the end of the phase that trains the discriminator alone, before it tunes the generator.",
        "A good discriminator and a bad generator both lower it: it says nothing without the colorizer's own values.",
        "Their colorizer is the public one of Zhang et al. 2016, not one that they trained.",
    ),
    phase="discriminator",
)
