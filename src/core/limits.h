/* Every maximum, with its reason. A number that bounds untrusted input stands
 * here and nowhere else. */
#ifndef ERIKA_LIMITS_H
#define ERIKA_LIMITS_H

#include <stddef.h>

#define LIMIT_KIB ((size_t)1024)
#define LIMIT_MIB (1024 * LIMIT_KIB)

/* TUF metadata, bytes: the defaults of the field's clients, so that what we
 * publish is readable by them and what they publish by us. */
#define LIMIT_ROOT 512000
#define LIMIT_TIMESTAMP 16384
#define LIMIT_SNAPSHOT 2000000
#define LIMIT_TARGETS 5000000
#define LIMIT_METADATA LIMIT_TARGETS /* the largest of them */

/* Roots followed in one update: 256 yearly ceremonies are enough for anyone;
 * an endless chain from a thief of root keys is not followed. */
#define LIMIT_ROOT_ROTATIONS 256

/* One JSON value in so many bytes of what a kind of metadata may have: an
 * entry takes 32 for two and more. An empty object costs a parser
 * 230 bytes of memory, so that this is what bounds it: 73 MB for the largest
 * lie of a targets role, 5 MB for a timestamp's or root's. */
#define LIMIT_VALUE_BYTES 16

/* Bytes of targets roles that one machine holds: an archive of 100,000
 * bundles, read whole, has 17 MB of them. */
#define LIMIT_ROLES_HELD (32 * LIMIT_MIB)

/* A proof of two heads: two snapshots or roles, and the delegations between
 * them and the root. The files of an outlet of ours need a tenth. */
#define LIMIT_SPLIT (16 * LIMIT_MIB)

/* Delegations of one role, and bytes of all their path patterns: each search
 * matches them all. */
#define LIMIT_ROLE_DELEGATIONS 4096
#define LIMIT_PATTERNS LIMIT_MIB

/* Keys of one role: an outlet has five holders of root keys, the largest
 * public repositories under 20. With it, the work that one file's signatures
 * can ask for. Its signatures may be more: some are by retired keys. */
#define LIMIT_ROLE_KEYS 64
#define LIMIT_SIGNATURES 256

/* One signature, bytes: Ed25519 has 64; RSA of 8,192 bits, which test clients
 * alone can check, 1,024. */
#define LIMIT_SIGNATURE 1024

/* Delegated roles visited in one search (TUF 5.6.7.1). Sealed archives visit
 * about 15. */
#define LIMIT_DELEGATIONS 32

/* JSON nesting: TUF needs 7; the parser below recurses. */
#define LIMIT_JSON_DEPTH 32

/* A role name, a target path and a key id, bytes. Paths become file names of
 * at most 255 bytes with a hash of 64 before them. */
#define LIMIT_NAME 160
#define LIMIT_PATH 512

/* A minisign file, and its trusted comment: the longest that minisign reads,
 * whose line of 8,192 bytes also holds a prefix, a newline and a NUL. */
#define LIMIT_MINISIG 16384
#define LIMIT_COMMENT 8173

/* The untrusted comment line that begins minisign's files: its own limit. */
#define LIMIT_COMMENT_LINE 1024

/* What a secret key file may ask of scrypt, in libsodium's terms: what
 * minisign itself asks for at most, 1 GiB and about four seconds. */
#define LIMIT_KDF_MEMORY (1024 * LIMIT_MIB)
#define LIMIT_KDF_OPERATIONS 33554432

/* Bundle format (erika-bundle(5)). The packed index of 4,096 articles with
 * 16,384 objects is under 2 MiB; inflated under 8. */
#define LIMIT_INDEX_PACKED (2 * LIMIT_MIB)
#define LIMIT_INDEX (8 * LIMIT_MIB)
#define LIMIT_BUNDLE (1024 * LIMIT_MIB)
#define LIMIT_BUNDLE_TEXT (64 * LIMIT_MIB) /* head and texts: in memory */
#define LIMIT_DESK (LIMIT_NAME - 2) /* its role is "d-DESK" */
#define LIMIT_SEQUENCE 9007199254740991 /* 2^53 - 1: exact in any JSON */
#define LIMIT_ARTICLES 4096
#define LIMIT_OBJECTS 16384
#define LIMIT_DICTS 64 /* one a language */

/* JSON values in an index: the above need 300,000; parsed, each takes about
 * 150 bytes, so that this is what bounds a reader's memory. */
#define LIMIT_INDEX_VALUES 400000
#define LIMIT_IMAGES_PER_ARTICLE 256

/* The part is the unit of transfer: 64 KiB is what a lie may cost; an object
 * of 4 MiB is the largest photograph a phone should get. */
#define LIMIT_PART (64 * LIMIT_KIB)
#define LIMIT_OBJECT (4 * LIMIT_MIB)
#define LIMIT_PARTS (LIMIT_OBJECT / LIMIT_PART)

/* An article's text, unpacked: a long read is 200 KiB. */
#define LIMIT_TEXT LIMIT_MIB

/* Element nesting in an article: real pages reach 37. */
#define LIMIT_DEPTH 128

/* Values of its attributes. No element has more than five of its own; a
 * footnote's name after "n-"; "2026-03-05T14:30:00.000+00:00" twice over; the
 * largest photograph's side; a table wider is no article. */
#define LIMIT_ATTRS 12
#define LIMIT_ANCHOR 32
#define LIMIT_DATETIME 64
#define LIMIT_SIDE 20000
#define LIMIT_SPAN 1000
#define LIMIT_START 1000000

/* Title, author, tag, URL, language and article id, bytes of UTF-8. */
#define LIMIT_TITLE 1024
#define LIMIT_NOTE 2048 /* a correction is a paragraph, on one line */
#define LIMIT_AUTHOR 256
#define LIMIT_AUTHORS 32
#define LIMIT_TAG 128
#define LIMIT_TAGS 64
#define LIMIT_URL 2048
#define LIMIT_LANG 35 /* RFC 5646 section 4.4.1 */
#define LIMIT_ID 64

/* Deflate reaches 32 KiB back less the longest match: no byte of a longer
 * dictionary could be used. */
#define LIMIT_DICT 32506

/* A share file, bytes: a year of text, or a week with photographs. */
#define LIMIT_SHARE (2048 * LIMIT_MIB)
#define LIMIT_SHARE_FILES 100000

/* m/now.pack, packed and unpacked: 40 roles of the usual size. */
#define LIMIT_PACK LIMIT_MIB
#define LIMIT_PACK_UNPACKED (8 * LIMIT_MIB)

/* A proposal of erika-press: every root so far, 20 years of ceremonies at a
 * few KiB, and the metadata that is proposed. */
#define LIMIT_PROPOSAL (8 * LIMIT_MIB)

/* Configuration and list files read by people. */
#define LIMIT_CONFIG (256 * LIMIT_KIB)
#define LIMIT_CONFIG_LINE 4096
#define LIMIT_MIRRORS 64

/* The signed mirror list: LIMIT_MIRRORS entries of the longest URLs. Country
 * codes of one mirror, countries of the table (ISO 3166-1 has 249), and host
 * suffixes of one country. */
#define LIMIT_MIRROR_LIST (256 * LIMIT_KIB)
#define LIMIT_COUNTRIES 256
#define LIMIT_AVOID_HOSTS 64

/* Addresses of one mirror: IPv4 and IPv6 of four machines. Resolvers of one
 * list: each may be blocked, more than eight do not help. */
#define LIMIT_ADDRESSES 8
#define LIMIT_RESOLVERS 8

/* Blocked outlets of one country: the lists of news sites that are tested
 * have up to 400. Their source, one line of UTF-8. */
#define LIMIT_BLOCKED 512
#define LIMIT_EVIDENCE 256

/* Measurements counted of one site: 2^53 - 1 is exact in any JSON. */
#define LIMIT_COUNTED 9007199254740991

/* An HTTP head, either direction: browsers send about 1 KiB. */
#define LIMIT_HTTP_HEAD (16 * LIMIT_KIB)

/* A request target, bytes: a path of LIMIT_PATH with every byte as %XX, and
 * a mirror's URL prefix before it. Fields in a head: browsers send 20. */
#define LIMIT_HTTP_PREFIX 128
#define LIMIT_HTTP_TARGET 2048
#define LIMIT_HTTP_FIELDS 64

/* What a mirror keeps of requests not answered yet, all clients together:
 * 10,000 that drip 800 bytes each. Who would need more is dropped. */
#define LIMIT_SERVE_PENDING (8 * LIMIT_MIB)

/* What a mirror's operator says of a removal: one line, and the answer that
 * carries it with its signature. */
#define LIMIT_TOMBSTONE_REASON 500
#define LIMIT_TOMBSTONE_OPERATOR 200
#define LIMIT_TOMBSTONE (32 * LIMIT_KIB)

/* An answer that a mirror makes itself: a tombstone, or a page of figures with
 * twelve lines for each of 64 publishers. */
#define LIMIT_SERVE_ANSWER (128 * LIMIT_KIB)

/* Connections of one mirror: each takes two descriptors while it sends. */
#define LIMIT_SERVE_CONNECTIONS 65536

/* Bytes read from a refused client, so that it can read why, before it is
 * cut off. */
#define LIMIT_SERVE_LINGER (256 * LIMIT_KIB)

/* Pushes. Metadata on its way in memory, all clients of a mirror together:
 * several of the largest at once. Files on their way to one publisher's folder,
 * each with its length reserved of the quota: a newsroom sends four at once. */
#define LIMIT_ADMIT_HELD (4 * (size_t)LIMIT_METADATA)
#define LIMIT_ADMIT_PARTS 64

/* A next root that anybody may offer, and that must be parsed to be refused:
 * 64 keys in each of four roles, signed by 128. */
#define LIMIT_ADMIT_ROOT (96 * LIMIT_KIB)

/* What a newsroom sends at once, in all and to one mirror. */
#define LIMIT_UPLOADS 64
#define LIMIT_UPLOADS_BASE 4

/* Fetching. Wishes at once: a bundle has about 100 parts. Connections at
 * once, in all: 20 mirrors with 2 each and room for those that hang; and to
 * one mirror: 6 with a part each, as browsers use to one host, and 2 that are
 * just being replaced. */
#define LIMIT_WISHES 1024
#define LIMIT_TRANSFERS 64
#define LIMIT_TRANSFERS_BASE 8

/* One frame between the fetcher and its child: libcurl's largest piece. */
#define LIMIT_FRAME (64 * LIMIT_KIB)

/* Milliseconds that a mirror gets to connect (name, TCP and TLS) and then to
 * send the whole head; a satellite or a bad mobile link needs 3 s. A body
 * that brings fewer than LIMIT_STALL_BYTES in LIMIT_STALL_MS has stalled:
 * 2G carries 15 times that. */
#define LIMIT_CONNECT_MS 5000
#define LIMIT_HEAD_MS 6000
#define LIMIT_STALL_MS 5000
#define LIMIT_STALL_BYTES 1024

/* The longest deadline of a wish, seconds. */
#define LIMIT_FETCH_SECONDS 3600

/* What is remembered of routes: networks that a person uses, and routes tried
 * in each; the oldest go first. Days after which one that was not used again
 * is forgotten. */
#define LIMIT_NETWORKS 16
#define LIMIT_NETWORK_ROUTES 64
#define LIMIT_NETWORK_DAYS 30

/* A page or feed brought to erika-press: a newsroom's own files, yet a feed
 * of 64 MiB is a mistake. Images before re-encoding. */
#define LIMIT_SOURCE (64 * LIMIT_MIB)
#define LIMIT_IMAGE (32 * LIMIT_MIB)

/* Pixels of a photograph: 40 megapixels take a phone 160 MB to show. */
#define LIMIT_PIXELS 40000000

/* The child that imports them: a tree takes about ten times the bytes of its
 * page, and real pages are under a tenth of what this holds; the slowest of
 * them takes a tenth of a second. Seconds are of one file. */
#define LIMIT_IMPORT_MEMORY (512 * LIMIT_MIB)
#define LIMIT_IMPORT_SECONDS 20

/* Tables of measurements. One row as text: its URL and its notes, several
 * times over. Sites in one: OONI tests under 40,000 in all countries. */
#define LIMIT_CSV_ROW (64 * LIMIT_KIB)
#define LIMIT_MEASURED_SITES 65536

#endif
