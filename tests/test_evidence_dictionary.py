"""The dictionary: valid for the standard's tool, complete, and with clear messages about its own errors."""

from __future__ import annotations

import pytest
from frictionless import Package, system

from analysis.evidence import DataError
from analysis.evidence.load import TABLES
from analysis.tabular.data_package import read_package


@pytest.fixture(scope="module")
def dictionary(data_folder):
    return read_package(data_folder)


@pytest.mark.slow
def test_the_standard_tool_finds_the_package_valid(data_folder):
    report = Package(data_folder / "datapackage.yaml").validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])
    assert [task.name for task in report.tasks] == [*TABLES, "references"]


@pytest.mark.slow
def test_the_standard_tool_refuses_what_we_refuse(data_copy):
    """The dictionary itself has these constraints, not only the loader."""
    data_copy.edit("studies.csv", {"study_id": "lee2025"}, {"design": "retrospective_cohrt"})
    data_copy.edit("responders.csv", {"timepoint": "T2 about 4 weeks"}, {"weeks_from_end": "-4"})
    data_copy.edit("durations.csv", {"group": "T2"}, {"arm_id": "nobody"})
    data_copy.edit("pain_scores.csv", {"timepoint": "T1 end of infusion"}, {"value": "1,5"})
    with system.use_context(trusted=True):
        report = Package(data_copy.folder / "datapackage.yaml").validate()
    assert sorted(report.flatten(["type"])) == [
        ["constraint-error"],
        ["constraint-error"],
        ["foreign-key"],
        ["type-error"],
    ]


def test_tables_of_evidence_and_dictionary_are_the_same(dictionary, evidence):
    assert tuple(dictionary.tables) == TABLES
    assert dictionary.files == {"references": "references.bib"}
    for name, table in dictionary.tables.items():
        assert table.file == f"{name}.csv"
        assert getattr(evidence, name).columns.tolist() == [*table.names[1:], "row"]


def test_every_column_says_what_it_means(dictionary):
    for table in dictionary.tables.values():
        for column in table.fields:
            assert len(column.description) > 5, (table.name, column.name)
            assert column.title, (table.name, column.name)
            if column.pattern:
                assert column.example, (table.name, column.name)


def test_measured_columns_have_a_unit(dictionary):
    weeks = [column.unit for table in dictionary.tables.values() for column in table.fields if "weeks" in column.name]
    assert weeks == ["weeks"] * 8
    assert dictionary.tables["arms"]["dose_cap_mg_h"].unit == "mg/h"
    assert dictionary.tables["responders"]["percent_reported"].unit == "percent"


def test_allowed_values_and_meaning(dictionary):
    tables = dictionary.tables
    assert tables["sources"]["access"].enum == ("full_text", "abstract", "secondary", "lay")
    assert tables["pain_scores"]["scale_max"].enum == ("10", "100")
    assert tables["studies"]["pool_in_overlap"].enum == ("yes", "no")
    assert tables["studies"]["title"].enum == ()
    assert tables["durations"]["weeks_low"].description.startswith("Weeks from the end of infusion")


def test_every_allowed_value_is_explained_or_plain(dictionary):
    """The description of a column explains its allowed values."""
    plain = {"home", "inpatient", "outpatient", "mean", "median", "yes", "no", "10", "100"}
    for table in dictionary.tables.values():
        for column in table.fields:
            if column.name in ("p_operator", "dose_unit", "count_basis", "domain"):
                continue
            for value in column.enum:
                assert value in plain or value in column.description, (table.name, column.name, value)


def test_the_same_words_in_another_order_are_nearer_than_another_substance(data_copy):
    data_copy.edit("arms.csv", {"arm_id": "lee2025_ketamine"}, {"drug": "ketamine_racemic"})
    assert "write “racemic_ketamine” if that is meant" in data_copy.only_problem()["advice"]


def test_missing_dictionary(data_copy):
    (data_copy.folder / "datapackage.yaml").unlink()
    problem = data_copy.only_problem()
    assert problem["file"] == "datapackage.yaml"
    assert "put datapackage.yaml back" in problem["advice"]


def test_unreadable_yaml_names_the_line(data_copy):
    data_copy.replace(
        "datapackage.yaml", "  - name: studies\n    path: studies.csv", "  - name: studies\n   path: studies.csv"
    )
    line = data_copy.row_of_line("datapackage.yaml", "   path: studies.csv")
    problem = data_copy.only_problem()
    assert problem["file"] == "datapackage.yaml"
    assert abs(problem["row"] - line) <= 1
    assert "readable YAML" in problem["rule"]


@pytest.mark.parametrize(
    "content", ["", "just a text", "name: x\n", "[]", "\xe9"], ids=["empty", "text", "no tables", "list", "Latin-1"]
)
def test_a_file_that_is_no_dictionary(data_copy, content):
    (data_copy.folder / "datapackage.yaml").write_bytes(content.encode("latin-1"))
    assert data_copy.only_problem()["file"] == "datapackage.yaml"


@pytest.mark.parametrize(
    ("old", "new", "column", "rule", "advice"),
    [
        pytest.param(
            "          type: integer\n          title: Upper end of the scale",
            "          type: intger\n          title: Upper end of the scale",
            "pain_scores.scale_max",
            "the type of a column is",
            "write integer",
            id="type",
        ),
        pytest.param(
            "          title: Upper end of the scale\n",
            "",
            "pain_scores.scale_max",
            "every column has a title",
            "what the column means",
            id="no title",
        ),
        pytest.param(
            "          constraints: {required: true, enum: [10, 100]}",
            "          constraints: {requird: true, enum: [10, 100]}",
            "pain_scores.scale_max",
            "constraints are",
            "write required",
            id="constraint",
        ),
        pytest.param(
            "          constraints: {required: true, enum: [10, 100]}",
            "          constraint: {required: true, enum: [10, 100]}",
            "pain_scores.scale_max",
            "the properties of a column are name, type",
            "write constraints",
            id="word",
        ),
        pytest.param(
            'constraints: {enum: ["yes", "no"]}',
            "constraints: {enum: [yes, no]}",
            "studies.pool_in_overlap",
            "text or numbers",
            "quotation marks",
            id="yes",
        ),
        pytest.param(
            "      primaryKey: [source_id]",
            "      primaryKey: [source]",
            "sources.primaryKey",
            "a key names columns of its table",
            "write source_id",
            id="key",
        ),
        pytest.param(
            '        - fields: [contained_in]\n          reference: {resource: "", fields: [arm_id]}',
            "        - fields: [contained_in]\n          reference: {resource: arm, fields: [arm_id]}",
            "arms.foreignKeys",
            "refers to a table of the package",
            "write arms",
            id="foreign key",
        ),
        pytest.param(
            "\n  - name: studies\n",
            "\n  - name: sources\n",
            "sources",
            "names of resources are unique",
            "rename",
            id="resource twice",
        ),
        pytest.param("    path: studies.csv\n", "", "studies", "a name and a path", "add both", id="no path"),
    ],
)
def test_a_wrong_entry(data_copy, old, new, column, rule, advice):
    data_copy.replace("datapackage.yaml", old, new)
    problem = data_copy.problems().iloc[0]
    assert (problem["file"], problem["column"]) == ("datapackage.yaml", column)
    assert rule in problem["rule"]
    assert advice in problem["advice"]


def test_an_entry_without_a_column(data_copy):
    data_copy.replace(
        "datapackage.yaml",
        "        - name: phase\n",
        "        - {name: weather, type: string, title: Weather, description: Weather then.}\n        - name: phase\n",
    )
    problem = data_copy.only_problem()
    assert problem[["file", "row", "column"]].tolist() == ["pain_scores.csv", 1, "weather"]
    assert problem["rule"] == "the column weather is required"


def test_a_resource_without_a_file(data_copy):
    data_copy.replace(
        "datapackage.yaml",
        "  - name: references\n",
        "  - name: weather\n    path: weather.csv\n    schema:\n      fields:\n"
        "        - {name: day, type: string, title: Day, description: Day of the year.}\n"
        "  - name: references\n",
    )
    assert data_copy.only_problem()["file"] == "weather.csv"


def test_a_table_that_is_taken_out_of_the_dictionary(data_copy):
    text = (data_copy.folder / "datapackage.yaml").read_text(encoding="utf-8")
    start, end = text.index("  - name: patient_level"), text.index("  - name: conflicts")
    (data_copy.folder / "datapackage.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    problems = data_copy.problems()
    assert problems["file"].tolist() == ["datapackage.yaml", "patient_level.csv"]
    assert "put the entry of patient_level back" in problems.loc[0, "advice"]


def test_a_dictionary_whose_types_the_rules_cannot_use(data_copy):
    data_copy.replace(
        "datapackage.yaml",
        "          type: number\n          title: Weeks, lower end",
        "          type: string\n          title: Weeks, lower end",
    )
    problems = data_copy.problems()
    assert problems["file"].eq("datapackage.yaml").any()
    assert problems["rule"].str.contains("the rule “weeks in order” needs").any()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('reference: {resource: "", fields: [arm_id]}', "reference: {}"),
        (
            'example: leiden_trial\n          constraints: {pattern: "[a-z',
            'example: x\n          constraints: {pattern: "[z-a',
        ),
        ("constraints: {required: true, enum: [10, 100]}", "constraints: required"),
        (
            "unit: hours a day\n          constraints: {minimum: 0",
            "unit: hours a day\n          constraints: {minimum: none",
        ),
    ],
    ids=["foreign key", "pattern", "constraints", "minimum"],
)
def test_an_entry_that_is_no_table_schema(data_copy, old, new):
    data_copy.replace("datapackage.yaml", old, new)
    problem = data_copy.problems().iloc[0]
    assert problem["file"] == "datapackage.yaml"
    assert problem["rule"] == "an entry has the form of a Frictionless table schema"


def test_reading_raises_only_data_errors(tmp_path):
    with pytest.raises(DataError):
        read_package(tmp_path)
