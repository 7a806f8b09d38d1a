/* SPDX-License-Identifier: Apache-2.0 */
/* door.h: where clients come in: a listener, which has the socket, and acceptors, who wait at
 * it. An acceptor may be killed at any time: the others go on, and the kernel holds who knocks. */
#ifndef SERVICE_DOOR_H
#define SERVICE_DOOR_H

#include <krarup.h>

extern const kr_behaviour door_sup;

#endif
