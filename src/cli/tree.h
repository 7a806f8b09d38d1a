/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h: the supervision trees of a node as text: who started whom, and how they are. */
#ifndef KR_CLI_TREE_H
#define KR_CLI_TREE_H

#include <krarup/term.h>

/* Append the tree below each running application, or below `app` only (index 0: all). A process of
 * the node; asks the supervisors, and leaves out what does not answer within two seconds. */
void kri_tree(kr_atom app, kr_buf *ret);

#endif
