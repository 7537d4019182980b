"""UNIQUIP files as they really come."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.catalogue_files import uniquip
from booking.engine.catalogue_files.drafts import FileUnreadable, ResourceDraft, Row, RowRefused
from booking.engine.catalogue_files.records import escaped, unescaped, write_table


def drafts(rows: tuple[Row, ...]) -> list[ResourceDraft]:
    return [each for each in rows if isinstance(each, ResourceDraft)]


def refusals(rows: tuple[Row, ...]) -> dict[int, str]:
    return {each.row: each.reason for each in rows if isinstance(each, RowRefused)}


def entry_of(draft: ResourceDraft) -> dict[str, object]:
    return {**draft.values, "imported": draft.imported, "source_key": draft.key}


def cells_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_read__full_row__maps_its_columns() -> None:
    text = (
        "Type,Name,Description,Technique,ID,Building,Location,Web Address\r\n"
        "Equipment,Confocal,A microscope,Microscopy,77,West,Room 2,www.example.org/c\r\n"
    )
    draft = drafts(uniquip.read(text))[0]
    assert (draft.row, draft.key, draft.name) == (2, "id:77", "Confocal")
    assert draft.values["kind"] == "Equipment"
    assert draft.values["location"] == "Room 2, West"
    assert draft.values["web_address"] == "https://www.example.org/c"


def test_read__no_name_id_or_type_column__names_it_by_its_description() -> None:
    draft = drafts(uniquip.read("Description,Technique\nA lathe of steel,Turning\n"))[0]
    assert (draft.name, draft.values["kind"]) == ("A lathe of steel", "Turning")
    assert draft.key.startswith("row:")


def test_read__semicolons_and_mac_line_ends__are_understood() -> None:
    rows = uniquip.read("Name;ID\rLathe;1\rMill;2\r")
    assert [each.name for each in drafts(rows)] == ["Lathe", "Mill"]


def test_read__row_with_too_few_cells__is_refused_by_number() -> None:
    rows = uniquip.read("Name,Type,ID\nLathe,Tool,1\nMill\nSaw,Tool,3\n")
    assert [each.row for each in drafts(rows)] == [2, 4]
    assert "1 cells where the first row has 3" in refusals(rows)[3]


def test_read__quote_that_never_closes__spoils_its_own_row_alone() -> None:
    rows = uniquip.read('Name,Description,ID\nLathe,x,1\nMill,"open,2\nSaw,y,3\nDrill,z,4\n')
    assert [each.name for each in drafts(rows)] == ["Lathe", "Saw", "Drill"]
    assert list(refusals(rows)) == [3]


def test_read__line_break_within_quotes__counts_as_one_row() -> None:
    rows = uniquip.read('Name,Description\nLathe,"two\nlines"\nMill,\n')
    assert [(each.row, each.name) for each in drafts(rows)] == [(2, "Lathe"), (3, "Mill")]


def test_read__same_id_twice__refuses_the_second_naming_the_first() -> None:
    rows = uniquip.read("Name,ID\nLathe,1\nMill,2\nOther,1\n")
    assert "repeats row 2" in refusals(rows)[4]


def test_read__same_name_without_id__differs_by_building() -> None:
    rows = uniquip.read("Name,Building\nLathe,East\nLathe,West\nLathe,East\n")
    assert [each.row for each in drafts(rows)] == [2, 3]
    assert "repeats row 2" in refusals(rows)[4]


def test_read__unknown_item_empty_row_and_nul__are_refused() -> None:
    rows = uniquip.read("Name,ID\nUNKNOWN,1\n,\nLa\x00the,3\n\nMill,4\n")
    reasons = refusals(rows)
    assert "UNKNOWN" in reasons[2]
    assert "empty" in reasons[3]
    assert "NUL" in reasons[4]
    assert [each.row for each in drafts(rows)] == [6]


def test_read__no_known_column__says_what_a_file_holds() -> None:
    with pytest.raises(FileUnreadable, match="description"):
        uniquip.read("apples,pears\n1,2\n")


def test_write__own_resource__has_the_standard_columns() -> None:
    fields = uniquip.fields_of([("Name", "Lathe"), ("Type", "tool")])
    text = uniquip.write([{**fields, "imported": {}, "source_key": "k1"}])
    rows = cells_of(text)
    assert tuple(rows[0]) == uniquip.COLUMNS
    assert dict(zip(rows[0], rows[1], strict=True))["ID"] == "k1"


def test_write__field_changed_here__shows_the_change() -> None:
    draft = drafts(uniquip.read("ID,name\n1,Lathe\n"))[0]
    entry = {**entry_of(draft), "name": "Big lathe", "technique": "turning"}
    assert cells_of(uniquip.write([entry])) == [
        ["ID", "name", "Technique"],
        ["1", "Big lathe", "turning"],
    ]


def test_escaped__formula_and_telephone__only_the_formula() -> None:
    assert escaped("=1+1") == "'=1+1"
    assert escaped("-cmd") == "'-cmd"
    assert escaped("+44 20 7946 0000") == "+44 20 7946 0000"
    assert unescaped("'=1+1") == "=1+1"
    assert unescaped("'tis") == "'tis"


@given(st.text())
def test_unescaped_undoes_escaped(cell: str) -> None:
    assert unescaped(escaped(cell)) == cell


HEADERS = st.lists(
    st.one_of(st.sampled_from(uniquip.COLUMNS), st.text("abc ;,", min_size=1, max_size=6)),
    max_size=6,
)
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(st.data())
def test_export_gives_back_what_came_in(data: st.DataObject) -> None:
    header = ["Name", "ID", *data.draw(HEADERS)]
    rows = [
        [f"Item {number}", f"key {number}", *(data.draw(CELL) for _ in header[2:])]
        for number in range(data.draw(st.integers(1, 4)))
    ]
    text = write_table([header, *rows])
    read = uniquip.read(text)
    assert len(drafts(read)) == len(rows)
    assert uniquip.write(entry_of(each) for each in drafts(read)) == text
