// The C API of libvirt 9.0 (Debian's libvirt-dev) for VirtLibvirt, the only target that imports this module.
#ifndef NOVA_CLIBVIRT_H
#define NOVA_CLIBVIRT_H
#include <stddef.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

// VIR_DOMAIN_EVENT_CALLBACK is a function-pointer cast macro, which Swift cannot import.
static inline int nova_domain_event_register_lifecycle(
    virConnectPtr connection, virConnectDomainEventCallback callback, void *opaque) {
    return virConnectDomainEventRegisterAny(
        connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, NULL);
}
#endif
