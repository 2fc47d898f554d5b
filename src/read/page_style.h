/* The style of every page: read in the dark, on paper, in any script, and on
 * a narrow screen; names no resource. */
#ifndef ERIKA_PAGE_STYLE_H
#define ERIKA_PAGE_STYLE_H

extern const char page_style[];

#endif
