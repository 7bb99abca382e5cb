/*
 * gzip.h -- compressing a finished reply (RFC 9110 8.4 and 12.5.3).  Not for streams.
 */
#ifndef QINGLAN_GZIP_H
#define QINGLAN_GZIP_H

#include "message.h"

/*
 * Compresses R's body into A when M accepts it, the body is text of more than 1 kB and gets
 * smaller; adds Vary: Accept-Encoding wherever that was a question, and makes the ETag weak.
 * False without memory: R is then as it was.
 */
bool gzip_reply(struct arena *a, const struct message *m, struct reply *r);

#endif
