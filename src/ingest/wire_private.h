/* Between the three files of wire.h. */
#ifndef ERIKA_WIRE_PRIVATE_H
#define ERIKA_WIRE_PRIVATE_H

#include "wire.h"

/* First byte of a request. */
enum { WIRE_IMPORT = 1, WIRE_IMAGE };

/* A length that stands for NULL. */
#define WIRE_ABSENT UINT32_MAX

/* Types of images by number. */
extern const char *const wire_types[3];

struct wire_reader {
	struct cursor c;
	enum err err; /* the first failure; all reads give nothing then */
};

/* Note a failure; the first stays. */
void wire_fail(struct wire_reader *r, enum err e);

/* Read an integer of at most `most`, or counted bytes; 0 and an empty span
 * after a failure. */
uint8_t wire_u8(struct wire_reader *r);
uint8_t wire_choice(struct wire_reader *r, uint8_t most);
uint32_t wire_u32(struct wire_reader *r, uint32_t most);
uint64_t wire_u64(struct wire_reader *r, uint64_t most);
struct span wire_bytes(struct wire_reader *r, uint32_t most);

/* Append counted bytes, or a C string, or NULL. */
enum err wire_add_bytes(struct buf *b, struct span s) ERR_MUST_USE;
enum err wire_add_string(struct buf *b, const char *s) ERR_MUST_USE;

#endif
