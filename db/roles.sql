-- The four roles, run once by a superuser, before the first migration; may run again.
-- It makes no database: createdb -O qinglan_owner -E UTF8 -T template0 qinglan
--
-- owner   owns database, schema and tables; runs migrations. Row security is forced on it, and it
--         does not inherit from engine, so it sees no row: data steps say SET ROLE qinglan_engine.
-- engine  nobody logs in as it: it owns the few functions that must see past their caller.
-- app     serves requests: owns nothing, deletes nothing, sees what row security lets it see.
-- gate    does what has no actor yet: login, job pick-up, purge.

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qinglan_engine') THEN
		CREATE ROLE qinglan_engine NOLOGIN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qinglan_owner') THEN
		CREATE ROLE qinglan_owner LOGIN NOINHERIT;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qinglan_app') THEN
		CREATE ROLE qinglan_app LOGIN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'qinglan_gate') THEN
		CREATE ROLE qinglan_gate LOGIN;
	END IF;
END
$$;

ALTER ROLE qinglan_engine NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
ALTER ROLE qinglan_owner LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
ALTER ROLE qinglan_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
ALTER ROLE qinglan_gate LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
GRANT qinglan_engine TO qinglan_owner;

ALTER ROLE qinglan_owner SET search_path = qinglan;
ALTER ROLE qinglan_owner SET timezone = 'UTC';
ALTER ROLE qinglan_owner SET jit = off;

ALTER ROLE qinglan_app SET search_path = qinglan;
ALTER ROLE qinglan_app SET timezone = 'UTC';
ALTER ROLE qinglan_app SET jit = off;
ALTER ROLE qinglan_app SET plan_cache_mode = force_generic_plan;
ALTER ROLE qinglan_app SET statement_timeout = '5s';
ALTER ROLE qinglan_app SET lock_timeout = '200ms';
ALTER ROLE qinglan_app SET idle_in_transaction_session_timeout = '10s';

ALTER ROLE qinglan_gate SET search_path = qinglan;
ALTER ROLE qinglan_gate SET timezone = 'UTC';
ALTER ROLE qinglan_gate SET jit = off;
ALTER ROLE qinglan_gate SET plan_cache_mode = force_generic_plan;
ALTER ROLE qinglan_gate SET statement_timeout = '5s';
ALTER ROLE qinglan_gate SET lock_timeout = '200ms';
ALTER ROLE qinglan_gate SET idle_in_transaction_session_timeout = '10s';

-- PostgreSQL's own log gets no value of a parameter and no row of a broken constraint.
ALTER ROLE qinglan_owner SET log_parameter_max_length = 0;
ALTER ROLE qinglan_owner SET log_error_verbosity = terse;
ALTER ROLE qinglan_app SET log_parameter_max_length = 0;
ALTER ROLE qinglan_app SET log_parameter_max_length_on_error = 0;
ALTER ROLE qinglan_app SET log_error_verbosity = terse;
ALTER ROLE qinglan_gate SET log_parameter_max_length = 0;
ALTER ROLE qinglan_gate SET log_parameter_max_length_on_error = 0;
ALTER ROLE qinglan_gate SET log_error_verbosity = terse;
