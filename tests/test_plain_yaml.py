"""YAML texts: one reading of every scalar, and one message with its line for every text that is refused."""

from __future__ import annotations

import json
import random

import pytest
import yaml

from analysis import paths
from analysis.tabular import plain_yaml
from analysis.tabular.plain_yaml import AmbiguousText, YamlError, read_yaml


def error_of(text: str | bytes) -> YamlError:
    with pytest.raises(YamlError) as caught:
        read_yaml(text)
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("-12", -12),
        ("0.95", 0.95),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("iv, oral", "iv, oral"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 5", 5.0),
        ("a#b", "a#b"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud800"', "\ud800"),
    ],
)
def test_a_scalar(written, value):
    read = read_yaml(f"key: {written}\n")["key"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        "010",
        "0x10",
        "0b1",
        "1:30",
        "1_000",
        "yes",
        "No",
        "on",
        "OFF",
        "2024-01-01",
        ".inf",
        ".nan",
        "+5",
        "00",
        "1e999",
    ],
)
def test_words_that_other_readers_convert_are_text(word):
    read = read_yaml(f"key: {word}\n")["key"]
    assert read == word
    assert isinstance(read, str)
    # what YAML 1.1 takes for another type is marked
    assert isinstance(read, AmbiguousText) == (not isinstance(yaml.safe_load(word), str))
    assert type(read_yaml(f"key: '{word}'\n")["key"]) is str


def test_keys_are_texts_and_mappings_merge():
    assert read_yaml("{1: a, true: b, 010: c}") == {"1": "a", "true": "b", "010": "c"}
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], z: 5}\nd: {<<: *b}\ne: {'<<': 1}\n"
    read = read_yaml(text)
    assert read["c"] == {"x": 1, "y": 2, "z": 5}
    assert read["d"] == {"y": 3, "z": 4}
    assert read["e"] == {"<<": 1}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "'a' appears twice"),
        ("x: &x {a: 1}\ny: {<<: *x,\n <<: *x}", 3, "'<<' appears twice; write <<: [*one, *other]"),
        ("x:\n  ? [a, b]\n  : 1", 2, "a key is a word"),
        ("a: 1\n? \n: 1", 2, "a key is a word"),
        ("a: b\n<<: [5]", 2, "<< is followed by a mapping"),
        ("a:\n - &a [*a]", 2, "*a stands inside itself"),
        ("a: *b", 1, "*b has no &b above it"),
        ("a: 1\n--- 2", 2, "a file contains one document"),
        ("a: !!python/object/apply:os.system [x]", 1, "the tag !!python/object/apply:os.system"),
        ("a: !!binary aGVsbG8=", 1, "the tag !!binary"),
        ("a: !!int five", 1, "the tag !!int"),
        ("a:\n  - b\n c: [", 3, "is not valid YAML"),
        ("a\nb\0c", 2, "the character U+0000 is not text"),
        (b"a: 1\nb: \xe9", 2, "UTF-8"),
        ("[" * 51 + "]" * 51, 1, "at most 50 levels"),
        ("[" * 20_000, 1, "at most 50 levels"),
        ("a: " + "x" * 1_000_000, None, "at most 1,000,000 bytes"),
    ],
)
def test_what_is_refused_names_its_line(text, line, words):
    error = error_of(text)
    assert error.line == line
    assert words in str(error)
    assert error.advice


def test_aliases_that_multiply_are_refused_by_their_size():
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join(f'*a{n - 1}' for _ in range(9))}]" for n in range(1, 40)]
    # 9 ** 5 values and their lists are fewer than 200,000, those of the sixth line are more
    assert error_of("\n".join(lines)).line == 6
    assert len(read_yaml("\n".join(lines[:5]))["a4"]) == 9


def test_the_files_of_the_project_read_as_yaml_1_1_reads_them():
    for file in ("reports/batch.yml", "data/datapackage.yaml", "data/cohorts/datapackage.yaml", "CITATION.cff"):
        content = (paths.ROOT / file).read_bytes()
        assert read_yaml(content) == yaml.safe_load(content), file


def test_json_reads_as_json():
    value = {"a": [1, 2.5, True, None, "x", 'é 😀 \\ " \n'], "b": {"c": [], "d": {}}}
    assert read_yaml(json.dumps(value)) == value


def test_both_parsers_read_alike(monkeypatch):
    texts = ["a: 1\nb: [yes, 010, 'x', ~]\nc: &c {d: |\n  e\n }\n", "a: {b", "- *x", "? a\n: b", "a: >-\n  b\n  c\n"]
    randomly = random.Random(7)
    texts += ["".join(randomly.choices("ab:-[]{},&*!'\"#|>? \n01", k=12)) for _ in range(300)]

    def results() -> list:
        found = []
        for text in texts:
            try:
                found.append(repr(read_yaml(text)))
            except YamlError as error:
                found.append("refused" if "valid YAML" in error.rule else error.rule)
        return found

    fast = results()
    monkeypatch.delattr(plain_yaml.yaml, "CSafeLoader")
    plain = results()
    assert sum("refused" not in result for result in fast) > 50
    assert [pair for pair in zip(texts, fast, plain, strict=True) if pair[1] != pair[2]] == []
