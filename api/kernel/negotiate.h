/*
 * negotiate.h -- media types of a request and of its answer (RFC 9110 sections 8.3 and 12.5.1).
 */
#ifndef QINGLAN_NEGOTIATE_H
#define QINGLAN_NEGOTIATE_H

#include "contract.h"

/* How well an Accept value (NULL = anything) likes TYPE: 0 (not at all) to 1000. */
int accept_quality(const char *accept, const char *type);

/* True when an Accept-Language value (NULL = none) asks for English before Chinese. */
bool accept_english(const char *accept);

/* True when a Content-Type value names TYPE, whatever its parameters. */
bool content_type_is(const char *content_type, const char *type);

/* The value of a parameter of a Content-Type or Accept value, or NULL. */
char *media_parameter(struct arena *a, const char *media, const char *name);

#endif
