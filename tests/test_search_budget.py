"""What is spent of a sweep's budget, and when it ends a sweep."""

from pathlib import Path

from recorded_sweeps import TWO, write_sweep, write_trial

from search.driver.budget import BudgetMeter
from search.records import Trial, read_sweep, read_trial
from search.spec.sections import BudgetSection


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def meter(trials: tuple[Trial, ...] = (), clock: Clock | None = None, before: float = 0.0) -> BudgetMeter:
    return BudgetMeter(TWO, trials, 0.5, before, clock or Clock())


def test_hours_count_over_all_runs():
    clock = Clock()
    budget = meter(clock=clock, before=3000)
    clock.now = 599
    assert not budget.spent(BudgetSection(hours=1))
    clock.now = 600
    assert budget.spent(BudgetSection(hours=1)) == "the budget of 1 hours is spent"


def test_gpu_hours_count_the_share_of_each_trial_over_its_attempts():
    budget = meter()
    budget.evaluated(0, 3600, {})
    budget.evaluated(1, 3600, {})
    budget.evaluated(1, 7200, {})
    assert budget.gpu_hours == 1.5
    assert budget.spent(BudgetSection(gpu_hours=1.5))
    assert not budget.spent(BudgetSection(gpu_hours=1.6))


def test_target_is_reached_by_one_evaluation_in_all_its_values():
    target = BudgetSection(target={"fid": 20, "accuracy": 0.8})
    budget = meter()
    budget.evaluated(0, 1, {"fid": 10, "accuracy": 0.7})
    budget.evaluated(1, 1, {"fid": 30, "accuracy": 0.9})
    assert not budget.reached(target)
    budget.evaluated(0, 2, {"fid": 20, "accuracy": 0.8})
    assert budget.reached(target) == "the target is reached (fid 20, accuracy 0.8)"
    budget.evaluated(0, 3, {"fid": 25, "accuracy": 0.8})
    assert budget.reached(target)


def test_stagnation_counts_trials_that_end_without_growth(tmp_path: Path):
    folder, budget = write_sweep(tmp_path / "sweep"), meter()
    values = [(50.0, 0.5), (40.0, 0.6), (45.0, 0.55), (60.0, 0.3), (41.0, 0.59)]
    spent = []
    for number, (fid, accuracy) in enumerate(values):
        trial = write_trial(folder, number, [{"fid": fid, "accuracy": accuracy}])
        budget.settled(read_trial(trial))
        spent.append(bool(budget.reached(BudgetSection(stagnation=3))))
    assert spent == [False, False, False, False, True]


def test_trials_from_before_a_break_are_counted(tmp_path: Path):
    folder = write_sweep(tmp_path / "sweep")
    write_trial(folder, 0, [{"fid": 50.0, "accuracy": 0.5}, {"fid": 20.0, "accuracy": 0.9}])
    budget = meter(read_sweep(folder).trials)
    assert budget.gpu_hours * 3600 == 30.0  # two evaluations of 30 s, half a GPU
    assert budget.reached(BudgetSection(target={"fid": 20, "accuracy": 0.9}))
