/* Between upload.c and its child. Frames of u32 length and as much:
 *	asked	u32 id, u8 is GET, u64 length, URL, '\0', authorities, '\0',
 *		proxy, '\0'; the file by SCM_RIGHTS
 *	told	u32 id, u8 end, u8 err, u32 status, u64 sent,
 *		u32 length of why, why, body
 * Private to upload*.c. */
#ifndef ERIKA_UPLOAD_CHILD_H
#define ERIKA_UPLOAD_CHILD_H

#include "../core/limits.h"
#include "upload.h"

/* The longest frame, either way: a URL, or a timestamp. */
#define UPLOAD_FRAME (LIMIT_TIMESTAMP + LIMIT_URL + 2048)

/* Serve the parent at `fd` until it is gone. */
_Noreturn void upload_child(int fd);

#endif
