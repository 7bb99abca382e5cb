/*
 * imports.h -- what every operation that takes a list as its body asks of it.
 */
#ifndef QINGLAN_IMPORTS_H
#define QINGLAN_IMPORTS_H

#include "api.h"

/* True with the problem recorded when the body is no CSV file in a charset that is read. */
bool list_refused(struct request *r);

#endif
