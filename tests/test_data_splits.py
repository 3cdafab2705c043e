from collections import Counter

from data.sources.photo import Photo
from data.splits import split


def photos(**num_by_class: int) -> list[Photo]:
    return [Photo(f"{label}/{n}", label, b"") for label, num in num_by_class.items() for n in range(num)]


def counts(members: list[Photo]) -> dict[str | None, int]:
    return dict(Counter(photo.label for photo in members))


def test_each_class_is_divided_by_the_fractions():
    splits = split(photos(a=100, b=20), val=0.1, test=0.2, seed=0)
    assert {name: counts(members) for name, members in splits.items()} == {
        "train": {"a": 70, "b": 14},
        "val": {"a": 10, "b": 2},
        "test": {"a": 20, "b": 4},
    }


def test_no_photo_is_lost_or_in_two_splits():
    everything = photos(a=37, b=5, c=1)
    ids = [photo.id for members in split(everything, val=0.3, test=0.3, seed=3).values() for photo in members]
    assert sorted(ids) == sorted(photo.id for photo in everything)


def test_small_classes_serve_training_first_then_validation():
    splits = split(photos(one=1, two=2, three=3), val=0.01, test=0.01, seed=0)
    assert counts(splits["train"]) == {"one": 1, "two": 1, "three": 1}
    assert counts(splits["val"]) == {"two": 1, "three": 1}
    assert counts(splits["test"]) == {"three": 1}


def test_a_large_fraction_leaves_training_one_photo():
    assert counts(split(photos(two=2), val=0.9, test=0, seed=0)["train"]) == {"two": 1}


def test_splits_that_are_not_asked_for_are_absent():
    assert set(split(photos(a=4), val=0, test=0, seed=0)) == {"train"}


def test_listing_order_does_not_matter_and_the_seed_does():
    everything = photos(a=50, b=50)
    shuffled = sorted(everything, key=lambda photo: photo.id[::-1])
    first = split(everything, val=0.2, test=0, seed=0)
    assert split(shuffled, val=0.2, test=0, seed=0) == first
    assert split(everything, val=0.2, test=0, seed=1) != first


def test_files_mix_the_classes():
    """An evaluation of the first photos of a file must not see one class only."""
    train = split(photos(a=50, b=50), val=0.2, test=0, seed=0)["train"]
    assert 10 < counts(train[:40])["a"] < 30


def test_unlabelled_photos_are_divided_as_one_class():
    unlabelled = [Photo(str(n), None, b"") for n in range(10)]
    assert {name: len(members) for name, members in split(unlabelled, val=0.2, test=0, seed=0).items()} == {
        "train": 8,
        "val": 2,
    }
