// swift-tools-version: 6.2
import PackageDescription

// One table of targets, bottom to top. A target may import only targets of lower layers, and a third-party
// package is visible in exactly one library (see CONTRIBUTING.md, "Layers"); the compiler guards this when built
// with `--explicit-target-dependency-import-check error`, as every script in tools/ does.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func shim(_ name: String, pkgConfig: String? = nil) -> Target {
    .systemLibrary(name: name, path: "CShims/\(name)", pkgConfig: pkgConfig)
}

func library(
    _ name: String, in layer: String, _ dependencies: [String] = [], packages: [Target.Dependency] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .init(stringLiteral: $0) } + packages,
        path: "Sources/\(layer)/\(name)", resources: resources, swiftSettings: strict)
}

func daemon(_ name: String, _ dependencies: [String]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies.map { .init(stringLiteral: $0) } + [argumentParser],
        path: "Sources/Daemons/\(name)", swiftSettings: strict)
}

func tests(_ name: String, in folder: String, _ dependencies: [String], packages: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies.map { .init(stringLiteral: $0) } + packages,
        path: "Tests/\(folder)/\(name)", swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")

let shims = [
    shim("CZeroMQ"),
    shim("CLibvirt", pkgConfig: "libvirt"),
    shim("CSQLite", pkgConfig: "sqlite3"),
    shim("CPostgreSQL", pkgConfig: "libpq"),
]

let base = [
    library("NovaCore", in: "Base"),
    library("NovaWire", in: "Base", ["NovaCore"]),
    library("NovaSchema", in: "Base", ["NovaCore"], packages: [orderedCollections]),
    library("NovaConfig", in: "Base", ["NovaCore"]),
    library(
        "NovaTelemetry", in: "Base", ["NovaCore"],
        packages: [log, .product(name: "Metrics", package: "swift-metrics")]),
    library(
        "NovaCrypto", in: "Base", ["NovaCore", "NovaWire"],
        packages: [
            .product(name: "Crypto", package: "swift-crypto"), .product(name: "CryptoExtras", package: "swift-crypto"),
        ]),
    library("NovaXML", in: "Base", ["NovaCore"]),
    library("NovaFaults", in: "Base", ["NovaCore"]),
]

let infra = [
    library("NovaMessaging", in: "Infra", ["NovaCore", "NovaWire", "CZeroMQ"], packages: [log, collections]),
    library("NovaRPC", in: "Infra", ["NovaCore", "NovaWire", "NovaMessaging"], packages: [log]),
    library(
        "NovaDatabase", in: "Infra", ["NovaCore", "NovaWire", "NovaTelemetry", "NovaFaults", "CSQLite", "CPostgreSQL"],
        packages: [log, collections]),
    library("NovaPolicy", in: "Infra", ["NovaCore", "NovaSchema"]),
    library(
        "NovaHTTP", in: "Infra", ["NovaCore", "NovaSchema", "NovaPolicy", "NovaTelemetry"],
        packages: [
            log, .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ]),
    library(
        "NovaHTTPClient", in: "Infra", ["NovaCore", "NovaSchema"],
        packages: [
            log, .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
    library(
        "NovaProcess", in: "Infra", ["NovaCore"],
        packages: [log, .product(name: "Subprocess", package: "swift-subprocess")]),
    library("NovaConsoleLog", in: "Infra"),
    library(
        "NovaTransfer", in: "Infra", ["NovaCore", "NovaWire", "NovaTelemetry", "NovaCrypto", "NovaProcess"],
        packages: [
            log, .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
    library(
        "NovaService", in: "Infra",
        [
            "NovaCore", "NovaFaults", "NovaConfig", "NovaTelemetry", "NovaMessaging", "NovaRPC", "NovaHTTP",
            "NovaPolicy", "NovaSchema",
        ],
        packages: [log, .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")]),
]

let domain = [
    library("NovaModel", in: "Domain", ["NovaCore", "NovaWire"]),
    library("NovaInterfaces", in: "Domain", ["NovaCore", "NovaWire", "NovaRPC", "NovaModel"]),
    library(
        "NovaAuth", in: "Domain",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaConfig", "NovaCrypto", "NovaRPC", "NovaHTTP", "NovaHTTPClient",
            "NovaService", "NovaInterfaces",
        ],
        packages: [log]),
    library(
        "NovaStore", in: "Domain", ["NovaCore", "NovaWire", "NovaSchema", "NovaDatabase", "NovaModel"],
        resources: [.embedInCode("Schema")]),
    library(
        "PlacementStore", in: "Domain", ["NovaCore", "NovaWire", "NovaDatabase", "NovaModel"],
        resources: [.embedInCode("Schema")]),
    library(
        "NovaWorkflow", in: "Domain",
        ["NovaCore", "NovaWire", "NovaFaults", "NovaDatabase", "NovaModel", "NovaStore", "NovaTelemetry"],
        packages: [log]),
]

let drivers = [
    library("VirtDriver", in: "Drivers", ["NovaCore", "NovaWire", "NovaModel"]),
    library("VirtFake", in: "Drivers", ["NovaCore", "NovaWire", "NovaModel", "VirtDriver"]),
    library(
        "VirtLibvirt", in: "Drivers",
        [
            "NovaCore", "NovaWire", "NovaModel", "NovaXML", "NovaProcess", "NovaConsoleLog", "VirtDriver", "CLibvirt",
        ],
        packages: [log]),
    library("NetworkDriver", in: "Drivers", ["NovaCore", "NovaModel"]),
    library("NetworkFake", in: "Drivers", ["NovaCore", "NovaModel", "NetworkDriver"]),
    library("NetworkLinux", in: "Drivers", ["NovaCore", "NovaModel", "NovaProcess", "NetworkDriver"], packages: [log]),
]

let service = [
    "NovaCore", "NovaWire", "NovaConfig", "NovaTelemetry", "NovaRPC", "NovaService", "NovaModel", "NovaInterfaces",
]
let web = ["NovaSchema", "NovaPolicy", "NovaHTTP", "NovaAuth"]

let services = [
    library(
        "NovaIdentity", in: "Services", service + web + ["NovaCrypto", "NovaDatabase", "NovaProcess"], packages: [log],
        resources: [.embedInCode("Schema")]),
    library(
        "NovaImage", in: "Services", service + web + ["NovaCrypto", "NovaDatabase", "NovaHTTPClient"], packages: [log],
        resources: [.embedInCode("Schema")]),
    library(
        "NovaNetwork", in: "Services", service + web + ["NovaDatabase", "NetworkDriver"], packages: [log],
        resources: [.embedInCode("Schema")]),
    library("NovaPlacement", in: "Services", service + web + ["NovaDatabase", "PlacementStore"], packages: [log]),
    library("NovaScheduling", in: "Services", ["NovaCore", "NovaModel"]),
    library("NovaAudit", in: "Services", ["NovaCore", "NovaModel", "NovaInterfaces"]),
    library("NovaScheduler", in: "Services", service + ["NovaMessaging", "NovaScheduling"], packages: [log]),
    library(
        "NovaConductor", in: "Services",
        service + [
            "NovaAudit", "NovaCrypto", "NovaDatabase", "NovaFaults", "NovaHTTPClient", "NovaProcess", "NovaSchema",
            "NovaStore", "NovaWorkflow",
        ],
        packages: [log]),
    library(
        "NovaCompute", in: "Services",
        service + [
            "NovaFaults", "NovaSchema", "NovaHTTPClient", "NovaProcess", "NovaCrypto", "NovaTransfer", "NovaAuth",
            "VirtDriver", "NetworkDriver",
        ],
        packages: [log]),
    library(
        "NovaAPI", in: "Services",
        service + web + ["NovaMessaging", "NovaCrypto", "NovaDatabase", "NovaStore", "NovaHTTPClient"],
        packages: [log]),
]

let daemons = [
    library(
        "ComputeDrivers", in: "Daemons", ["NovaCompute", "VirtLibvirt", "VirtFake", "NetworkLinux", "NetworkFake"]),
    library("NetworkDrivers", in: "Daemons", ["NovaConfig", "NovaNetwork", "NetworkLinux", "NetworkFake"]),
    daemon("nova-queue", ["NovaService", "NovaMessaging", "NovaInterfaces"]),
    daemon("nova-identity", ["NovaService", "NovaIdentity"]),
    daemon("nova-image", ["NovaService", "NovaImage"]),
    daemon("nova-network", ["NovaService", "NovaNetwork", "NetworkDrivers"]),
    daemon("nova-placement-api", ["NovaService", "NovaPlacement"]),
    daemon("nova-scheduler", ["NovaService", "NovaScheduler"]),
    daemon("nova-conductor", ["NovaService", "NovaConductor"]),
    daemon("nova-compute", ["NovaService", "NovaCompute", "ComputeDrivers"]),
    Target.executableTarget(
        name: "nova-console-log", dependencies: ["NovaConsoleLog"], path: "Sources/Daemons/nova-console-log",
        swiftSettings: strict),
    daemon("nova-api", ["NovaService", "NovaAPI"]),
    daemon(
        "nova-standalone",
        [
            "NovaService", "NovaDatabase", "NovaIdentity", "NovaImage", "NovaNetwork", "NovaPlacement",
            "NovaScheduler", "NovaConductor", "NovaInterfaces", "NovaCompute", "NovaAPI", "ComputeDrivers",
            "NetworkDrivers",
        ]),
    Target.executableTarget(
        name: "novactl",
        dependencies: [
            "NovaCore", "NovaWire", "NovaSchema", "NovaConfig", "NovaHTTPClient", "NovaRPC", "NovaMessaging",
            "NovaService", "NovaDatabase", "NovaStore", "NovaModel", "NovaInterfaces", "PlacementStore", "NovaIdentity",
            "NovaImage", "NovaNetwork", "NovaPolicy", "NovaProcess", argumentParser,
        ],
        path: "Sources/CLI/novactl", swiftSettings: strict),
]

// What tests share; only debug builds have anything in it.
let testKits = [
    library("CommonTestKit", in: "TestKits", ["NovaCore"]),
    library("DatabaseTestKit", in: "TestKits", ["NovaCore", "NovaDatabase"], packages: [log]),
    library(
        "CloudKit", in: "TestKits",
        service + [
            "NovaFaults", "NovaMessaging", "NovaDatabase", "NovaStore", "PlacementStore", "NovaPlacement",
            "NovaNetwork", "NovaHTTP",
            "NovaScheduler", "NovaConductor", "NovaCompute", "VirtDriver", "VirtFake", "NetworkDriver", "NetworkFake",
            "CommonTestKit", "DatabaseTestKit",
        ], packages: [log]),
]

let benchmarks = [
    Target.executableTarget(
        name: "nova-bench",
        dependencies: [
            "NovaCore", "NovaWire", "NovaCrypto", "NovaMessaging", "NovaRPC", "NovaHTTP", "NovaInterfaces", "NovaAuth",
            argumentParser, log,
        ],
        path: "Sources/Benchmarks/nova-bench", swiftSettings: strict),
    Target.executableTarget(
        name: "nova-queue-peer",
        dependencies: ["NovaCore", "NovaWire", "NovaMessaging", "NovaRPC", argumentParser, log],
        path: "Sources/Benchmarks/nova-queue-peer", swiftSettings: strict),
]

let testTargets = [
    tests(
        "WorkflowMatrixTests", in: "Functional",
        [
            "NovaCore", "NovaWire", "NovaModel", "NovaFaults", "NovaStore", "NovaDatabase", "NovaInterfaces",
            "NovaRPC", "NovaSchema", "CloudKit", "CommonTestKit", "DatabaseTestKit",
        ]),
    tests(
        "CloudSimulationTests", in: "Simulation",
        [
            "NovaCore", "NovaModel", "NovaFaults", "NovaStore", "NovaDatabase", "CloudKit", "CommonTestKit",
            "DatabaseTestKit",
        ]),
    tests("NovaCoreTests", in: "Unit", ["NovaCore"]),
    tests("NovaFaultsTests", in: "Unit", ["NovaFaults"]),
    tests("NovaWireTests", in: "Unit", ["NovaCore", "NovaWire"]),
    tests("NovaSchemaTests", in: "Unit", ["NovaCore", "NovaSchema"]),
    tests("NovaConfigTests", in: "Unit", ["NovaCore", "NovaConfig"]),
    tests("NovaTelemetryTests", in: "Unit", ["NovaCore", "NovaTelemetry"], packages: [log]),
    tests("NovaCryptoTests", in: "Unit", ["NovaCore", "NovaWire", "NovaCrypto"]),
    tests("NovaXMLTests", in: "Unit", ["NovaCore", "NovaXML"]),
    tests(
        "NovaMessagingTests", in: "Unit", ["NovaCore", "NovaWire", "NovaMessaging", "NovaRPC", "CommonTestKit"],
        packages: [log]),
    tests(
        "NovaServiceTests", in: "Unit",
        [
            "NovaCore", "NovaConfig", "NovaTelemetry", "NovaMessaging", "NovaRPC", "NovaHTTP", "NovaService",
            "CommonTestKit",
        ],
        packages: [log]),
    tests("QueueSimulationTests", in: "Simulation", ["NovaCore", "NovaWire", "NovaMessaging"]),
    tests("NovactlTests", in: "Unit", ["NovaCore", "NovaSchema", "NovaMessaging", "novactl"]),
    tests(
        "NovaDatabaseTests", in: "Unit",
        ["NovaCore", "NovaWire", "NovaTelemetry", "NovaDatabase", "DatabaseTestKit", "CommonTestKit"],
        packages: [log]),
    tests(
        "NovaHTTPTests", in: "Unit",
        ["NovaCore", "NovaSchema", "NovaPolicy", "NovaHTTP", "NovaHTTPClient", "CommonTestKit"],
        packages: [log]),
    tests(
        "NovaTransferTests", in: "Unit",
        ["NovaCore", "NovaWire", "NovaTelemetry", "NovaCrypto", "NovaProcess", "NovaTransfer", "CommonTestKit"],
        packages: [
            log, .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]),
    tests("NovaInterfacesTests", in: "Unit", ["NovaCore", "NovaWire", "NovaModel", "NovaRPC", "NovaInterfaces"]),
    tests(
        "NovaStoreTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaDatabase", "NovaModel", "NovaStore", "NovaWorkflow",
            "PlacementStore", "CommonTestKit", "DatabaseTestKit",
        ],
        packages: [log]),
    tests(
        "DriverTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaModel", "NovaXML", "NovaProcess", "NovaConsoleLog", "VirtDriver", "VirtFake",
            "VirtLibvirt", "NetworkDriver", "NetworkLinux", "NetworkFake", "CommonTestKit",
        ], packages: [log]),
    tests(
        "NovaNetworkTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaTelemetry", "NovaDatabase", "NovaModel", "NovaInterfaces",
            "NetworkDriver", "NetworkFake", "NovaNetwork", "DatabaseTestKit",
        ], packages: [log]),
    tests(
        "NovaSchedulingTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaModel", "NovaDatabase", "PlacementStore", "NovaScheduling", "DatabaseTestKit",
        ], packages: [log]),
    tests(
        "NovaConductorTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaTelemetry", "NovaDatabase", "NovaModel", "NovaStore",
            "NovaWorkflow", "NovaProcess", "NovaConductor", "DatabaseTestKit",
        ],
        packages: [log]),
    tests(
        "NovaAPITests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaConfig", "NovaMessaging", "NovaRPC", "NovaDatabase", "NovaModel",
            "NovaInterfaces", "NovaStore", "NovaHTTP", "NovaHTTPClient", "NovaAPI", "CommonTestKit",
            "DatabaseTestKit",
        ], packages: [log]),
    tests(
        "DocumentTests", in: "Unit",
        service + web + [
            "NovaMessaging", "NovaCrypto", "NovaDatabase", "NovaHTTPClient", "NovaStore", "PlacementStore",
            "NetworkFake", "NovaAPI", "NovaIdentity", "NovaImage", "NovaNetwork", "NovaPlacement", "NovaScheduler",
            "NovaConductor", "NovaCompute", "DatabaseTestKit",
        ], packages: [log]),
    tests("NovaAuditTests", in: "Unit", ["NovaCore", "NovaModel", "NovaInterfaces", "NovaAudit"]),
    tests(
        "NovaIdentityTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaCrypto", "NovaDatabase", "NovaPolicy", "NovaHTTP",
            "NovaHTTPClient", "NovaInterfaces", "NovaIdentity", "NovaAuth", "DatabaseTestKit",
        ], packages: [log]),
    tests(
        "NovaImageTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaSchema", "NovaCrypto", "NovaDatabase", "NovaHTTP", "NovaHTTPClient",
            "NovaPolicy", "NovaModel", "NovaInterfaces", "NovaImage", "NovaAuth", "CommonTestKit",
            "DatabaseTestKit",
        ], packages: [log]),
    tests(
        "NovaComputeTests", in: "Unit",
        [
            "NovaCore", "NovaWire", "NovaModel", "NovaInterfaces", "NovaRPC", "VirtDriver", "VirtFake", "NetworkDriver",
            "NetworkFake", "NovaCompute", "NovaHTTP", "NovaHTTPClient", "NovaProcess", "NovaSchema",
            "CommonTestKit",
        ], packages: [log]),
]

let package = Package(
    name: "nova",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: shims + base + infra + domain + drivers + services + daemons + testKits + benchmarks + testTargets
)
