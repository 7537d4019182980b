"""Resources for those who harvest catalogues: DataCite records, and DCAT as JSON-LD."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

SCHEMA: Final = "http://datacite.org/schema/kernel-4"
DCAT_CONTEXT: Final[Mapping[str, str]] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}
Entry = Mapping[str, Any]


def datacite(facility: Entry, entries: Iterable[Entry]) -> str:
    """Write a JSON list of DataCite 4 records: instruments, and services where virtual.

    Beside our own JSON's members each entry has `url`, `created_on` and `updated_on`.
    """
    return _written([_record(facility, each) for each in entries])


def dcat(facility: Entry, entries: Sequence[Entry]) -> str:
    """Write a DCAT catalogue as JSON-LD: data services where virtual, else resources."""
    services = [each for each in entries if each["access_by"] == "virtual"]
    things = [each for each in entries if each["access_by"] != "virtual"]
    return _written(
        {
            "@context": dict(DCAT_CONTEXT),
            "@id": facility["url"],
            "@type": "dcat:Catalog",
            "dct:title": facility["name"],
            "dct:description": facility["description"] or facility["name"],
            "dct:publisher": {"@type": "foaf:Agent", "foaf:name": facility["name"]},
            "dcat:service": [_linked(each, "dcat:DataService") for each in services],
            "dcat:resource": [_linked(each, "dcat:Resource") for each in things],
        }
    )


def _record(facility: Entry, entry: Entry) -> dict[str, Any]:
    maker = entry["manufacturer"] or facility["name"]
    virtual = entry["access_by"] == "virtual"
    return {
        "schemaVersion": SCHEMA,
        "identifiers": _identifiers(entry),
        "types": {
            "resourceTypeGeneral": "Service" if virtual else "Instrument",
            "resourceType": entry["kind"],
        },
        "titles": [{"title": entry["name"]}],
        "creators": [{"name": maker, "nameType": "Organizational"}],
        "publisher": {"name": facility["name"]},
        "publicationYear": entry["created_on"][:4],
        "dates": [{"date": entry["updated_on"], "dateType": "Updated"}],
        "contributors": [
            {
                "name": facility["name"],
                "nameType": "Organizational",
                "contributorType": "HostingInstitution",
            }
        ],
        "subjects": [{"subject": each} for each in _subjects(entry)],
        "descriptions": _descriptions(entry),
        "url": entry["url"],
    }


def _identifiers(entry: Entry) -> list[dict[str, str]]:
    given = entry["persistent_identifier"]
    found = [{"identifier": entry["url"], "identifierType": "URL"}]
    if given:
        doi = given.lower().startswith(("10.", "doi:", "https://doi.org/"))
        kind = "DOI" if doi else "Handle" if "hdl" in given else "Other"
        found.insert(0, {"identifier": given, "identifierType": kind})
    return found


def _descriptions(entry: Entry) -> list[dict[str, str]]:
    found = []
    if entry["description"]:
        found.append({"description": entry["description"], "descriptionType": "Abstract"})
    if entry["model"]:
        found.append({"description": entry["model"], "descriptionType": "TechnicalInfo"})
    return found


def _subjects(entry: Entry) -> list[str]:
    every = (entry["technique"], *entry["measured_variables"])
    return list(dict.fromkeys(each for each in every if each))


def _linked(entry: Entry, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": entry["url"],
        "@type": kind,
        "dct:title": entry["name"],
        "dct:description": entry["description"] or entry["kind"],
        "dct:type": entry["kind"],
        "dct:issued": entry["created_on"],
        "dct:modified": entry["updated_on"],
        "dcat:landingPage": {"@id": entry["url"]},
    }
    if kind == "dcat:DataService":
        found["dcat:endpointURL"] = {"@id": entry["web_address"] or entry["url"]}
    if entry["persistent_identifier"]:
        found["dct:identifier"] = entry["persistent_identifier"]
    if subjects := _subjects(entry):
        found["dcat:keyword"] = subjects
    if entry["contact_url"]:
        found["dcat:contactPoint"] = {
            "@type": "vcard:Kind",
            "vcard:hasURL": {"@id": entry["contact_url"]},
        }
    return found


def _written(thing: object) -> str:
    return json.dumps(thing, ensure_ascii=False, indent=2) + "\n"
