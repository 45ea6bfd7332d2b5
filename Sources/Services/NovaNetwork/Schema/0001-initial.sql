-- Owner: nova-network. One row per network, subnet and port; addresses are numbers, times are UTC microseconds.

CREATE TABLE networks (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    project_id TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    is_default INTEGER NOT NULL,
    mtu INTEGER NOT NULL,
    bridge TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX networks_project ON networks (project_id);
CREATE INDEX networks_shared ON networks (shared) WHERE shared = 1;

CREATE TABLE subnets (
    id TEXT NOT NULL PRIMARY KEY,
    network_id TEXT NOT NULL REFERENCES networks (id),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    cidr TEXT NOT NULL,
    gateway TEXT,
    -- the network host's own address: the gateway, or one kept for DHCP
    host_address TEXT NOT NULL,
    -- addresses separated by commas
    dns TEXT NOT NULL,
    -- FIRST-LAST separated by commas
    pools TEXT NOT NULL,
    enable_dhcp INTEGER NOT NULL,
    -- where the search for a free address begins
    next_address INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subnets_network ON subnets (network_id);

CREATE TABLE ports (
    id TEXT NOT NULL PRIMARY KEY,
    network_id TEXT NOT NULL REFERENCES networks (id),
    subnet_id TEXT REFERENCES subnets (id),
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    mac TEXT NOT NULL UNIQUE,
    address INTEGER,
    hostname TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_owner TEXT NOT NULL,
    -- the compute host
    host TEXT NOT NULL,
    -- the compute service bound it to the server named by device_id
    bound INTEGER NOT NULL,
    -- made by a user, who also removes it
    preexisting INTEGER NOT NULL,
    -- its place among the server's ports
    position INTEGER NOT NULL,
    admin_state_up INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ports_address ON ports (subnet_id, address);
CREATE INDEX ports_device ON ports (device_id);
CREATE INDEX ports_network ON ports (network_id);
CREATE INDEX ports_project ON ports (project_id);

-- The newest workflow step that changed a server's ports: a late one of an older epoch is refused.
CREATE TABLE server_fences (
    server_id TEXT NOT NULL PRIMARY KEY,
    workflow TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX server_fences_age ON server_fences (updated_at);

CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
