"""All published tables, in the order of the papers."""

from analysis.published import anjou_kolodziejczyk, bothin_norlin_reha, mu_lee, nampouri, saccaro
from analysis.published.table import PublishedTable

TABLES: tuple[PublishedTable, ...] = (
    anjou_kolodziejczyk.TABLE,
    saccaro.TABLE,
    bothin_norlin_reha.TABLE,
    nampouri.TABLE,
    mu_lee.TABLE,
)
