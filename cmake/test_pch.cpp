// Empty on purpose: it carries the precompiled header that every test program reuses.
