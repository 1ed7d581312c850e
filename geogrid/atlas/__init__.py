"""Step 3, KEEP: editions, numbering and lineage in one GeoPackage file or PostGIS."""
