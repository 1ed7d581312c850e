"""Step 6, SHOW: folium previews for notebooks and files."""
