"""A small model, and others made from it."""

from config.model_file import parse_model
from leadscore.jobs.rulebook import Rulebook
from scoring.values import Tables

TABLES = Tables(frozenset({"gmail.com"}), frozenset(), {"us": "US"})

SMALL = """
name: small
fields:
  title: {type: text, hubspot: jobtitle}
  industry: {type: text, hubspot: [company.industry, industry]}
  won: {type: number, hubspot: {deals: won}}
scores:
  fit:
    limit: {max: 60}
    groups:
      - name: Role
        limit: {max: 20}
        rules:
          - {name: Boss, when: {title: {words: [ceo]}}, points: 20}
          - {name: Manager, when: {title: {words: [manager]}}, points: 15}
          - {name: Student, when: {title: {words: [student]}}, points: -10}
      - name: Firm
        rules:
          - {name: Software, when: {industry: {is: Software}}, points: 30}
          - {name: Bought before, when: {won: {at_least: 1}}, points: 25}
  engagement:
    groups:
      - name: Forms
        rules:
          - name: Demo
            on: form_submission
            where: {form: {is: Demo}}
            points: 50
            count: once
            decay: {lose: 50%, every: 30 days}
      - name: Pages
        limit: {max: 30}
        rules:
          - {name: Pricing, on: page_view, where: {url: {path: "/pricing*"}}, points: 10, within: 30 days}
          - {name: Webinar, on: event_attended, points: 20}
bands: {cold: null, warm: 35, hot: 65}
lifecycle:
  mode: observe
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}}}
    - {stage: mql, when: {total: {at_least: 35}}}
"""


def rulebook(*texts: str) -> Rulebook:
    """The models in these texts (the small one if there are none)."""
    chosen = texts or (SMALL,)
    return Rulebook(tuple(parse_model(text, f"model {n}") for n, text in enumerate(chosen)), chosen, TABLES)
