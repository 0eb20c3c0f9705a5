"""The answers of a report for other programs: results.json, schema.org data in its page, FHIR resources."""
