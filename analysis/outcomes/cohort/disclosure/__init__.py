"""Disclosure control: what a report of a clinic's own patients may show; all its tables, figures and sentences use it.

A reader may know where, when and with what a person was treated, and has every file of a batch. With t as the smallest
number of patients that may be shown (`RELEASES`), no report shows

1. a statistic of 1 to t - 1 patients (`merge_small`, `hide_small`);
2. in a public report, a count that is not a multiple of 5; totals and rates are of rounded counts (`released`);
3. in a public report, 0% or 100% of a group below 2t;
4. in a public report, a rate with 1 to t - 1 responders, or as many others;
5. a lowest or highest value or a single patient; a median below 2t patients, quartiles below 4t (`shown_summary`);
6. mean and SD of 12 or fewer patients that determine a score to less than 2 points (`are_scores_open`);
7. a hidden count whose lowest and highest possible value, by the margins, differ by less than t (`hidden_cells`);
8. reports of which one minus another leaves 1 to t - 1 patients (`smallest_difference`);
9. more digits in a file or a picture than on the page (`as_printed`);
10. a step of a curve that fewer than t patients make (`shown_steps`);
11. small counts of what is left out (`fewer_than`).

`data/cohorts/README.md` explains to a clinic what this protects and what it does not.

References
----------
UK LLC and ONS Longitudinal Study: counts below 10. OpenSAFELY: counts up to 7 redacted, others rounded to 5.
Hundepool et al. 2012, Statistical Disclosure Control, chapter 4 (complementary suppression).
"""

from analysis.outcomes.cohort.disclosure.complementary_suppression import cross_table, hidden_cells
from analysis.outcomes.cohort.disclosure.digits import as_printed
from analysis.outcomes.cohort.disclosure.open_scores import are_scores_open
from analysis.outcomes.cohort.disclosure.populations import smallest_difference
from analysis.outcomes.cohort.disclosure.release import (
    RELEASES,
    gives_absent_away,
    is_one_sided,
    least_cell,
    released,
    shown_steps,
    shown_summary,
)
from analysis.outcomes.cohort.disclosure.small_groups import (
    GROUP_NOT_STATED,
    check_min_cell,
    distinct_name,
    fewer_than,
    hide_small,
    is_merged,
    merge_small,
    shown_count,
    small_counts,
)
