-- Readers keep curves of this table in memory; this tells them when it changed. A random value, so that a restored copy differs too.
CREATE TABLE benchmarks_version (single_row boolean PRIMARY KEY DEFAULT true CHECK (single_row), version uuid NOT NULL);
INSERT INTO benchmarks_version (version) VALUES (gen_random_uuid());
CREATE FUNCTION benchmarks_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE benchmarks_version SET version = gen_random_uuid();
    RETURN NULL;
END
$$;
CREATE TRIGGER benchmarks_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON benchmarks
    FOR EACH STATEMENT EXECUTE FUNCTION benchmarks_changed();
