"""Which photos are drawn, and which split each one goes to."""

import random
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import pytest

from data.config import BuildOptions
from data.errors import DataError
from data.sources.photo import Photo, Split
from data.splits import apportion, divide, draw, planned


def photos(split: Split | None = None, **num_by_class: int) -> list[Photo]:
    where = "all" if split is None else split
    return [Photo(f"{where}/{label}/{n}", label, b"", split) for label, num in num_by_class.items() for n in range(num)]


def divided(everything: list[Photo], **options: object) -> dict[Split, list[Photo]]:
    chosen = BuildOptions.model_validate(options)
    drawn = draw(everything, chosen)
    splits = divide(drawn, chosen)
    assert tuple(splits) == planned(drawn, chosen)
    return splits


def sizes(splits: dict[Split, list[Photo]]) -> dict[Split, int]:
    return {split: len(members) for split, members in splits.items()}


def counts(members: Iterable[Photo]) -> dict[str | None, int]:
    return dict(Counter(photo.label for photo in members))


def ids(members: Iterable[Photo]) -> set[str]:
    return {photo.id for photo in members}


def test_each_class_is_divided_by_the_fractions():
    splits = divided(photos(a=100, b=20), val=0.1, test=0.2)
    assert {split: counts(members) for split, members in splits.items()} == {
        "train": {"a": 70, "b": 14},
        "val": {"a": 10, "b": 2},
        "test": {"a": 20, "b": 4},
    }


def test_places205_photos_of_uneven_classes_give_the_exact_totals():
    """237,974 photos in 205 classes: 202,278 + 11,899 + 23,797, and every class in each split."""
    uneven = random.Random(205)  # noqa: S311
    of_class = [uneven.randint(40, 2000) for _ in range(204)]
    of_class.append(237_974 - sum(of_class))
    everything = photos(**{f"class{number:03d}": num for number, num in enumerate(of_class)})
    splits = divided(everything, val=0.05, test=0.10, seed=123456)
    assert sizes(splits) == {"train": 202_278, "val": 11_899, "test": 23_797}
    for split, share in (("train", 0.85), ("val", 0.05), ("test", 0.10)):
        of_split = counts(splits[split])
        assert all(abs(of_split[f"class{n:03d}"] - share * num) < 2 for n, num in enumerate(of_class))
    assert len(set.union(*(ids(members) for members in splits.values()))) == 237_974


def test_number_of_photos_is_taken_as_it_is():
    splits = divided(photos(a=1000, b=1000, c=512), val=400)
    assert sizes(splits) == {"train": 2112, "val": 400}
    assert counts(splits["val"]) == {"a": 159, "b": 159, "c": 82}  # 159.2, 159.2 and 81.5


def test_subset_is_drawn_from_training_and_from_the_own_test_by_itself():
    everything = photos("train", a=9000, b=6000) + photos("test", a=3000, b=2000)
    splits = divided(everything, subset=8000, val=0, test=2000)
    assert {split: counts(members) for split, members in splits.items()} == {
        "train": {"a": 4800, "b": 3200},
        "test": {"a": 1200, "b": 800},
    }
    assert all(photo.split == split for split, members in splits.items() for photo in members)


def test_val_is_cut_from_the_own_train_where_there_is_none():
    everything = photos("train", a=50, b=50) + photos("test", a=10, b=10)
    splits = divided(everything)
    assert sizes(splits) == {"train": 90, "val": 10, "test": 20}
    assert {photo.split for photo in splits["val"]} == {"train"}
    assert ids(splits["test"]) == ids(photos("test", a=10, b=10))


def test_own_val_stays_whole_whatever_the_subset():
    everything = photos("train", a=500, b=500) + photos("val", a=25, b=25)
    splits = divided(everything, subset=100)
    assert sizes(splits) == {"train": 100, "val": 50}
    assert ids(splits["val"]) == ids(photos("val", a=25, b=25))


def test_own_split_is_left_out_when_none_of_it_is_asked_for():
    everything = photos("train", a=50) + photos("val", a=5) + photos("test", a=5)
    assert sizes(divided(everything, val=0, test=0)) == {"train": 50}


def test_pool_divides_everything_anew():
    everything = photos("train", a=60, b=60) + photos("val", a=20, b=20) + photos("test", a=20, b=20)
    splits = divided(everything, pool=True, val=0.1)
    assert sizes(splits) == {"train": 180, "val": 20}
    assert {photo.id.split("/")[0] for photo in splits["val"]} == {"train", "val", "test"}


def test_smaller_subset_is_part_of_every_larger_one():
    everything = photos(a=60, b=60, c=20)
    drawn = [ids(draw(everything, BuildOptions(subset=count))) for count in range(3, 141)]
    assert [len(subset) for subset in drawn] == list(range(3, 141))
    assert all(smaller < larger for smaller, larger in pairwise(drawn))


def test_listing_order_does_not_matter_and_the_seed_does():
    everything = photos(a=50, b=50)
    backwards = sorted(everything, key=lambda photo: photo.id[::-1])
    first = divided(everything, subset=60, val=0.2, test=0.1)
    assert divided(backwards, subset=60, val=0.2, test=0.1) == first
    assert divided(everything, subset=60, val=0.2, test=0.1, seed=1) != first


def test_one_photo_more_moves_few_others():
    before = divided(photos(a=1000), val=0.1)["val"]
    after = divided(photos(a=1001), val=0.1)["val"]
    assert len(ids(before) & ids(after)) >= 99


def test_files_mix_the_classes():
    """An evaluation of the first photos of a file must not see one class only."""
    train = divided(photos(a=50, b=50), val=0.2)["train"]
    assert 10 < counts(train[:40])["a"] < 30


def test_unlabelled_photos_are_divided_as_one_class():
    unlabelled = [Photo(str(n), None, b"") for n in range(10)]
    assert sizes(divided(unlabelled, val=0.2)) == {"train": 8, "val": 2}


def test_a_fraction_is_one_photo_at_least():
    assert sizes(divided(photos(a=3, b=3), val=0.01, test=0.01)) == {"train": 4, "val": 1, "test": 1}


def test_every_class_keeps_a_photo_for_training():
    splits = divided(photos(a=100, b=3, c=3), val=60, test=40)
    assert sizes(splits) == {"train": 6, "val": 60, "test": 40}
    assert all(counts(members).keys() == {"a", "b", "c"} for members in splits.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subset": 41}, "--subset asks for 41 photos, but there are only 40 to choose from; lower it"),
        ({"val": 11}, "--val asks for 11 photos, but there are only 10 to choose from; lower it"),
        ({"test": 41}, "--test asks for 41 photos, but there are only 40 to choose from; lower it"),
        ({"test": 39}, "--test asks for 39 photos, which leaves none of some class to train on: lower it"),
        ({"subset": 0.001}, "--subset 0.001 is too few for a photo of each of 2 classes; raise it"),
    ],
)
def test_amounts_that_cannot_be_are_one_line_errors(options: dict[str, float], message: str):
    everything = photos("train", a=20, b=20) + photos("val", a=5, b=5)
    with pytest.raises(DataError) as refused:
        divided(everything, **options)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("everything", "message"),
    [
        (photos(a=9, b=1), "class 'b' has 1 usable photo, but train, val need one each; add photos, or leave"),
        (photos(a=9, b=1, c=1, d=1), r"class 'b' has 1 usable photo \(and 2 more such\), but train, val need"),
        ([Photo("1", None, b"")], "the source has 1 usable photo, but train, val need one each"),
    ],
)
def test_class_with_too_few_photos_is_named(everything: list[Photo], message: str):
    with pytest.raises(DataError, match=f"^{message}"):
        divided(everything)


def test_a_class_of_one_photo_can_be_trained_on():
    assert sizes(divided(photos(a=9, b=1), val=0)) == {"train": 10}


@pytest.mark.parametrize("seed", range(20))
def test_apportioned_places_are_exact_and_near_to_proportional(seed: int):
    chance = random.Random(seed)  # noqa: S311
    of_class = [chance.randint(1, 300) for _ in range(chance.randint(1, 30))]
    everything = sum(of_class)
    before = [0] * len(of_class)
    for total in range(len(of_class), everything + 1, chance.randint(1, 7)):
        shares = apportion(total, of_class, of_class)
        assert sum(shares) == total
        assert all(1 <= share <= size for share, size in zip(shares, of_class, strict=True))
        assert all(share >= earlier for share, earlier in zip(shares, before, strict=True))
        if all(total * size >= everything for size in of_class):  # the rule of 1 at least disturbs no one
            assert all(
                abs(share - total * size / everything) < 1.5 for share, size in zip(shares, of_class, strict=True)
            )
        before = shares


@pytest.mark.parametrize("seed", range(20))
def test_apportioned_places_stay_within_the_capacities(seed: int):
    chance = random.Random(seed)  # noqa: S311
    of_class = [chance.randint(1, 300) for _ in range(chance.randint(1, 30))]
    capacities = [chance.randint(0, size) for size in of_class]
    total = chance.randint(0, sum(capacities))
    shares = apportion(total, of_class, capacities)
    assert sum(shares) == total
    assert all(0 <= share <= capacity for share, capacity in zip(shares, capacities, strict=True))
    if total >= sum(capacity > 0 for capacity in capacities):
        assert all(share > 0 for share, capacity in zip(shares, capacities, strict=True) if capacity)


def test_apportionment_by_hand():
    """Webster's 21 highest of 7270/1, /3, ... /29 = 250.7 | 1230/1, /3 = 410, /5 = 246 | 2220/1, ... /7, /9 = 246.7."""
    assert apportion(21, [7270, 1230, 2220], [7270, 1230, 2220]) == [15, 2, 4]
