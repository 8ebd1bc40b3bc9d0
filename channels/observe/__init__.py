"""Places that are only listened to: feeds, forums, and searches of social networks. Nothing here can say anything."""
