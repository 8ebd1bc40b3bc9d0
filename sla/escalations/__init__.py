"""Who is woken when a promise is in danger: contact methods, escalation policies, their runs and pages."""
