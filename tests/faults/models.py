"""The models of the fault tests: one point a level, and one in which everything that the portal tells counts."""

_STEPS = "".join(
    f"          - {{name: Level {step}, when: {{level: {{at_least: {step}}}}}, points: 1}}\n" for step in range(1, 61)
)
LEVELS = f"""
name: levels
fields:
  level: {{type: number, hubspot: level}}
  touched: {{type: number, hubspot: touched}}
scores:
  fit:
    groups:
      - name: Level
        rules:
{_STEPS}
bands: {{cold: null, warm: 35, hot: 65}}
"""
EVERYTHING = f"""
name: everything
fields:
  level: {{type: number, hubspot: level}}
  touched: {{type: number, hubspot: touched}}
scores:
  fit:
    groups:
      - name: Level
        rules:
{_STEPS}
  engagement:
    groups:
      - name: Forms
        rules:
          - {{name: Demo, on: form_submission, where: {{form: {{is: Demo}}}}, points: 50}}
      - name: Pages
        limit: {{max: 30}}
        rules:
          - {{name: Pricing, on: page_view, where: {{url: {{path: "/pricing*"}}}}, points: 10}}
bands: {{cold: null, warm: 35, hot: 65}}
feedback:
  field: {{hubspot: leadscore_feedback}}
  answers:
    - {{answer: not_ready, label: "MQL: not ready", drop_to: 0}}
"""
