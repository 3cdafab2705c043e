"""When a sweep's budget is spent."""

from search.driver.budget import BudgetMeter
from search.spec.sections import BudgetSection


def test_gpu_hours_add_up_over_the_trials():
    meter = BudgetMeter(BudgetSection(gpu_hours=1), {0: 1800.0}, clock=lambda: 0.0)
    meter.used(1, 1000)
    meter.used(1, 1799)  # what it has used in all, not since then
    assert not meter.spent
    meter.used(2, 1)
    assert meter.spent


def test_hours_count_from_the_start_of_this_run():
    now = [5000.0]
    meter = BudgetMeter(BudgetSection(hours=2), {0: 1e9}, clock=lambda: now[0])
    assert not meter.spent
    now[0] += 7200
    assert meter.spent


def test_without_a_limit_nothing_is_ever_spent():
    assert not BudgetMeter(BudgetSection(), {0: 1e12}, clock=lambda: 1e12).spent
