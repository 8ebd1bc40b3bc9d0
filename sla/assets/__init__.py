"""Equipment: sites, assets and their warranties."""
