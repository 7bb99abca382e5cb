/*
 * yaml.h -- the contract's YAML as JSON.  The only user of libyaml.
 *
 * The JSON schema of YAML 1.2 (core): plain null/true/false/numbers are typed, all else is
 * text; keys are always text.  Anchors, aliases, tags, directives, several documents and
 * duplicate keys are refused, and so are plain scalars that YAML readers take differently
 * (yes, no, on, off, 0x1F, 017, .5, .inf): they want quotes.
 */
#ifndef QINGLAN_YAML_H
#define QINGLAN_YAML_H

#include <jansson.h>

/* A new reference, member order kept; NULL with a line "line N: why" in ERROR (size 200). */
json_t *yaml_read(const char *text, size_t length, char error[200]);

#endif
