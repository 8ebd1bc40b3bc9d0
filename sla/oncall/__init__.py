"""Who is on call when: schedules, their changes, and the shifts that follow."""
