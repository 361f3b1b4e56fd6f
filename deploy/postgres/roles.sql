-- Once, by a superuser: SPENDRA_DATABASE_PASSWORD=… psql --file roles.sql. By a variable: arguments can be read by everybody.
-- One account signs in and owns the database: it migrates the schema, and workers make and drop its months. For the work of
-- one organization the control plane takes on spendra_app, the ledger lane spendra_ledger; in these nobody signs in. What
-- they may do, migrations say.
\set ON_ERROR_STOP on
\getenv password SPENDRA_DATABASE_PASSWORD
CREATE ROLE spendra_app NOLOGIN;
CREATE ROLE spendra_ledger NOLOGIN;
CREATE ROLE spendra LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS IN ROLE spendra_app, spendra_ledger;
CREATE DATABASE spendra OWNER spendra;
REVOKE CONNECT, TEMPORARY ON DATABASE spendra FROM PUBLIC;
