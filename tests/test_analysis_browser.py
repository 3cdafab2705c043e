"""The report in a real browser, opened from disk."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from curve_sweeps import write_curve_sweep
from playwright.sync_api import Browser, Page, expect, sync_playwright
from recorded_sweeps import write_samples

from analysis.report.write import write_report
from search.records import read_sweep

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NUM_TRIALS = 60

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    sweep = write_curve_sweep(folder / "curves", NUM_TRIALS, pruning={"kind": "none"})
    for trial in read_sweep(sweep).trials:
        write_samples(trial.folder, [(200, 3 * trial.number, 0), (0, 0, 200)], cell=8)
    write_report(sweep, folder / "out")
    return folder / "out" / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """The page with all its figures drawn, and what it said and asked for meanwhile."""

    def __init__(self, browser: Browser, report: Path, width: int = 1280, scheme: str = "light") -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url[:80]))
        self.page.goto(report.as_uri())
        expect(self.page.locator("[data-figure]:not(.js-plotly-plot)")).to_have_count(0, timeout=20_000)


@pytest.fixture(scope="module")
def opened(browser: Browser, report: Path) -> Opened:
    return Opened(browser, report)


@pytest.fixture
def page(opened: Opened) -> Page:
    """One page for all tests, as a reader finds it: its filter empty, ranked by place."""
    opened.page.get_by_label("Show rows with").first.fill("")
    heading = opened.page.locator(".ranked th.place")
    while heading.get_attribute("aria-sort") != "ascending":
        heading.get_by_role("button").click()
    return opened.page


def column(page: Page, kind: str) -> list[str]:
    """What the visible cells of a kind show in the ranked table."""
    return page.locator(f".ranked tbody tr:not([hidden]) td.{kind}").all_inner_texts()


def filtered(page: Page, text: str) -> str:
    """The count beside the ranked table's filter, with this in its box."""
    page.get_by_label("Show rows with").first.fill(text)
    return page.locator(".filter output").first.inner_text()


def test_the_page_loads_in_silence_and_asks_for_nothing_else(opened: Opened, report: Path):
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    assert opened.page.locator(".js-plotly-plot").count() > 2
    buttons = opened.page.locator(".modebar-btn").evaluate_all("(all) => all.map((one) => one.dataset.title)")
    assert "Download plot as a PNG" in buttons
    assert not [title for title in buttons if "Share" in title]


def test_its_policy_keeps_code_and_pictures_from_outside_away(opened: Opened):
    refused = opened.page.evaluate(
        """async () => {
          const image = new Image();
          const refused = new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          });
          image.src = "http://localhost:9/x.png";
          return await refused;
        }"""
    )

    assert refused == "img-src"


def test_a_heading_sorts_by_key_and_by_keyboard(page: Page):
    heading = page.locator(".ranked th", has_text="Trial")

    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    ascending = [int(text) for text in column(page, "trial")]
    page.keyboard.press("Enter")

    assert ascending == sorted(ascending)
    assert len(ascending) > 20
    assert [int(text) for text in column(page, "trial")] == ascending[::-1]
    assert heading.get_attribute("aria-sort") == "descending"


def test_a_filter_shows_the_rows_for_which_all_terms_hold(page: Page, report: Path):
    trials = read_sweep(report.parents[1] / "curves").trials
    shown = {int(text) for text in column(page, "trial")}
    wanted = {
        trial.number
        for trial in trials
        if trial.number in shown
        and trial.final
        and trial.params["loss.adversarial"] == "lsgan"
        and trial.final.metrics["lpips"] < 0.09
    }
    assert 0 < len(wanted) < len(shown)

    count = filtered(page, "adversarial=lsgan lpips<0.09")

    assert count == f"{len(wanted)} of {len(shown)} rows"
    assert {int(text) for text in column(page, "trial")} == wanted


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("accuracy>=50%", lambda accuracy: accuracy >= 0.5),
        ("accuracy<0.5", lambda accuracy: accuracy < 0.5),
        ("accuracy=50.0%", lambda accuracy: round(accuracy, 3) == 0.5),
        ("accuracy!=50.0%", lambda accuracy: round(accuracy, 3) != 0.5),
        ("accuracy=", lambda accuracy: True),
    ],
)
def test_a_filter_knows_per_cent_and_half_a_term(page: Page, text: str, keeps: Callable[[float], bool]):
    cells = page.locator(".ranked tbody tr td:nth-child(5)")
    keys = cells.evaluate_all("(cells) => cells.map((cell) => Number(cell.dataset.key))")
    kept = sum(map(keeps, keys))
    assert kept in (range(1, len(keys)) if text != "accuracy=" else [len(keys)])

    count = filtered(page, text)

    assert count == f"{kept} of {len(keys)} rows"
    assert len(column(page, "trial")) == kept


def test_cells_without_a_value_are_last_in_both_orders(page: Page):
    heading = page.locator(".ranked th", has_text="LPIPS").get_by_role("button")
    number = column(page, "trial")[0]
    cell = page.locator(".ranked tbody tr", has=page.locator(f"a[href='#trial-{number.strip()}']")).locator("td.metric")
    key = cell.first.get_attribute("data-key")
    cell.first.evaluate("(cell) => { cell.dataset.key = ''; }")

    for _ in range(2):
        heading.click()
        assert column(page, "trial")[-1] == number

    cell.first.evaluate("(cell, key) => { cell.dataset.key = key; }", key)


@pytest.mark.parametrize(("text", "said"), [("depht=3", "no column depht"), ("accuracy>good", "good is no number")])
def test_a_filter_says_what_it_cannot_do(page: Page, text: str, said: str):
    assert filtered(page, text) == said


def test_a_point_shows_its_trials_first_photo(page: Page):
    best = int(column(page, "trial")[0])
    figure = page.locator("[data-name=objectives] .figure.overview").first
    figure.scroll_into_view_if_needed()
    x, y = figure.evaluate(
        """(figure, number) => {
          const trace = figure.data.find((trace) => trace.customdata?.includes(number));
          const point = trace.customdata.indexOf(number);
          const { x, y } = figure.getBoundingClientRect();
          const { xaxis, yaxis } = figure._fullLayout;
          return [x + xaxis._offset + xaxis.l2p(trace.x[point]), y + yaxis._offset + yaxis.l2p(trace.y[point])];
        }""",
        best,
    )

    page.mouse.move(x, y, steps=5)

    expect(page.locator(".sample")).to_be_visible()
    expect(page.locator(".sample figcaption")).to_have_text(f"trial {best}: gray, colorized, truth")
    assert page.locator(".sample img").evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [24, 8]
    page.mouse.move(0, 0)
    expect(page.locator(".sample")).to_be_hidden()


def test_a_link_to_a_trial_opens_its_configuration(page: Page):
    page.locator(".ranked td.trial a").first.click()

    details = page.locator("details[id][open]")
    expect(details).to_have_count(1)
    expect(details).to_contain_text("adversarial")


def test_a_number_of_a_trial_that_the_page_lacks_is_no_link(browser: Browser, report: Path, tmp_path: Path):
    html = report.read_text()
    number = re.search(r'<details id="trial-(\d+)">', html)
    assert number is not None
    cut = tmp_path / "report.html"
    cut.write_text(html.replace(number[0], "<details>"))

    links = Opened(browser, cut).page.locator("a", has_text=re.compile(rf"^\s*{number[1]}\s*$"))

    assert links.count() > 0
    assert links.evaluate_all("(links) => links.filter((link) => link.hasAttribute('href')).length") == 0


def test_the_bar_marks_the_section_that_is_read(page: Page):
    page.locator("#cost").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('cost').scrollIntoView()")

    expect(page.locator("nav a[aria-current]")).to_have_attribute("href", "#cost")


def test_a_table_that_goes_on_to_the_right_says_so_until_its_end(page: Page):
    box = page.locator("[data-name=ranking] .scroll")
    narrow = page.locator("[data-name=certainty] .scroll").first

    expect(box).to_have_attribute("data-goes-on", "")
    expect(narrow).not_to_have_attribute("data-goes-on", "")
    box.evaluate("(box) => { box.scrollLeft = box.scrollWidth; }")
    expect(box).not_to_have_attribute("data-goes-on", "")
    box.evaluate("(box) => { box.scrollLeft = 0; }")
    expect(box).to_have_attribute("data-goes-on", "")


def test_a_configuration_can_be_saved(page: Page):
    page.locator(".recipe summary").first.click()
    with page.expect_download() as download:
        page.locator(".recipe a").first.click()

    assert re.fullmatch(r"trial-\d{4}\.yaml", download.value.suggested_filename)
    assert "epochs: 27" in download.value.path().read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_tables_but_never_the_page(browser: Browser, report: Path, scheme: str):
    opened = Opened(browser, report, width=390, scheme=scheme)

    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) > 380) == (scheme == "light")
    assert opened.said == []


def test_it_prints(page: Page):
    paper = page.pdf(prefer_css_page_size=True)

    assert paper.startswith(b"%PDF")
    assert 3 < len(re.findall(rb"/Type\s*/Page\b", paper)) < 60
