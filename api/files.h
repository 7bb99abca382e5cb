/*
 * files.h -- files that the program carries, byte for byte, each with a NUL behind its last.
 *
 * They come from embed.S: the contract, the reference that /docs shows, and the lists of the
 * demonstration county.
 */
#ifndef QINGLAN_FILES_H
#define QINGLAN_FILES_H

#include <stddef.h>

extern const char openapi_yaml[], docs_html[], demo_schools_csv[], demo_roster_csv[];
extern const size_t openapi_yaml_length, docs_html_length, demo_schools_csv_length,
	demo_roster_csv_length;

#endif
