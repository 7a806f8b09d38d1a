/* SPDX-License-Identifier: Apache-2.0 */
/* mapsort.h: pairs in any order become a map. */
#ifndef KR_TERM_MAPSORT_H
#define KR_TERM_MAPSORT_H

#include "word.h"

/* `box` holds a tuple of key, value, key, value ...: make it the map of these pairs, in
 * place. Of pairs with one key the last stays, or, if `unique`, there may be only one.
 * KR_EMALFORMED: a duplicate; KR_ENOMEM. The box is then as before, or in another order.
 * A map with fewer pairs than before leaves words of the block unused behind it. */
kr_err kri_map_sort(kri_word *box, bool unique);

#endif
