SELECT castsource AS source, casttarget AS target FROM pg_catalog.pg_cast WHERE castcontext = 'i' ORDER BY oid
