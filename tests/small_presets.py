"""The presets, made small enough to train in seconds without a pretrained weight."""

from search.spec.preset import preset

SMALL = [
    "data.batch_size=6",
    "model.width=0.125",
    "evaluation.fid_images=0",
    "evaluation.lpips=null",
    "evaluation.classifier=null",
]
LENGTHS = {2: ["phases.0.epochs=1", "phases.1.epochs=2"], 1: ["phases.0.steps=5"], 0: ["epochs=2"]}


def small(name: str) -> list[str]:
    """Settings `key=value` for photos of 64 px."""
    recipe = preset(name)
    settings = [*SMALL, *LENGTHS[len(recipe.get("phases", ()))]]
    settings += ["model.pretrained=false"] if recipe["model"].get("pretrained") else []
    settings += ["model.depth=6"] if recipe["model"]["backbone"] == "unet" else []
    settings += ["phases.1.hardest=12"] if name == "discriminator-finetune" else []
    return settings + (["data.crop=48"] if "crop" in recipe["data"] else [])
