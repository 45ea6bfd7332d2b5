/// The options of the original Nova (34.0.0): a file written for it is read without complaint about them.
///
/// What a program here does not declare itself is named in one warning. Options of sections that only libraries of the
/// original register ([keystone_authtoken], [oslo_*]) are known by their section alone.
enum OriginalOptions {
    /// The names per section, with underscores.
    static let names: [String: Set<String>] = table.mapValues {
        Set($0.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    /// Sections that exist: Nova's, its libraries', and those of our own daemons.
    static let sections: Set<String> = Set(table.keys).union(libraries).union(ours)

    static func contains(section: String, name: String) -> Bool {
        if let names = names[section] { return names.contains(name) }
        return libraries.contains(section)
    }

    /// Sections of our own daemons that the original does not have.
    private static let ours: Set<String> = [
        "queue", "monitoring", "identity", "image", "network", "tokens", "ssl", "import_filtering_opts",
    ]

    private static let libraries: Set<String> = [
        "api_auth", "barbican", "barbican_service_user", "cache", "cells", "cors", "cyborg", "guestfs",
        "healthcheck", "hyperv", "ironic", "keystone", "keystone_authtoken",
        "manila", "metrics", "mks", "os_vif_linux_bridge",
        "os_vif_ovs", "oslo_concurrency", "oslo_limit", "oslo_messaging_amqp", "oslo_messaging_kafka",
        "oslo_messaging_notifications", "oslo_messaging_rabbit", "oslo_middleware", "oslo_policy",
        "oslo_reports", "powervm", "privsep", "profiler", "rdp", "remote_debug", "trusted_computing", "vault",
        "vif_plug_linux_bridge_privileged", "vif_plug_ovs_privileged",
        "vmware", "xenserver", "zvm",
    ]

    private static let table: [String: String] = [
        "DEFAULT": """
        host my_ip my_block_storage_ip state_path instances_path compute_driver
        default_availability_zone internal_service_availability_zone default_schedule_zone
        reserved_host_memory_mb reserved_host_disk_mb reserved_host_cpus reserved_huge_pages
        cpu_allocation_ratio ram_allocation_ratio disk_allocation_ratio initial_cpu_allocation_ratio
        initial_ram_allocation_ratio initial_disk_allocation_ratio allow_resize_to_same_host
        max_local_block_devices vif_plugging_is_fatal vif_plugging_timeout arq_binding_timeout
        preallocate_images use_cow_images force_raw_images pointer_model reimage_timeout_per_gb
        instance_name_template osapi_compute_unique_server_name_scope max_concurrent_builds
        max_concurrent_snapshots max_concurrent_live_migrations sync_power_state_interval
        heal_instance_info_cache_interval reclaim_instance_interval shelved_poll_interval
        shelved_offload_time instance_delete_interval update_resources_interval
        scheduler_instance_sync_interval instance_build_timeout rescue_timeout resize_confirm_window
        reboot_timeout shutdown_timeout running_deleted_instance_action
        running_deleted_instance_poll_interval resume_guests_state_on_host_boot
        block_device_allocate_retries block_device_allocate_retries_interval
        network_allocate_retries migrate_max_retries enable_new_services force_config_drive
        config_drive_format instance_usage_audit instance_usage_audit_period
        maximum_instance_delete_attempts report_interval service_down_time long_rpc_timeout
        servicegroup_driver password_length manager_shutdown_timeout transport_url
        rpc_response_timeout log_dir control_exchange use_stderr use_syslog use_journal
        syslog_log_facility default_log_levels log_config_append log_date_format
        logging_context_format_string logging_default_format_string osapi_compute_listen
        osapi_compute_listen_port osapi_compute_workers metadata_listen metadata_listen_port
        metadata_workers enabled_apis rootwrap_config lock_path use_neutron firewall_driver
        auth_strategy graceful_shutdown_timeout
        default_ephemeral_format default_swap_format tempdir timeout_nbd ssl_only cert key
        """,
        "api": """
        max_limit enable_instance_password compute_link_prefix glance_link_prefix
        config_drive_skip_versions vendordata_providers vendordata_dynamic_targets
        vendordata_jsonfile_path metadata_cache_expiration local_metadata_per_cell dhcp_domain
        instance_list_per_project_cells instance_list_cells_batch_strategy
        list_records_by_skipping_down_cells response_validation
        """,
        "scheduler": """
        max_attempts discover_hosts_in_cells_interval max_placement_results workers
        limit_tenants_to_placement_aggregate placement_aggregate_required_for_tenants
        query_placement_for_image_type_support enable_isolated_aggregate_filtering
        image_metadata_prefilter query_placement_for_routed_network_aggregates
        """,
        "filter_scheduler": """
        enabled_filters available_filters weight_classes host_subset_size max_io_ops_per_host
        max_instances_per_host track_instance_changes ram_weight_multiplier cpu_weight_multiplier
        disk_weight_multiplier io_ops_weight_multiplier num_instances_weight_multiplier
        pci_weight_multiplier soft_affinity_weight_multiplier soft_anti_affinity_weight_multiplier
        build_failure_weight_multiplier cross_cell_move_weight_multiplier
        hypervisor_version_weight_multiplier image_props_weight_multiplier
        shuffle_best_same_weighed_hosts isolated_images isolated_hosts
        restrict_isolated_hosts_to_isolated_images image_properties_default_architecture
        pci_in_placement
        """,
        "compute": """
        cpu_dedicated_set cpu_shared_set consecutive_build_service_disable_threshold
        provider_config_location max_disk_devices_to_attach live_migration_wait_for_vif_plug
        resource_provider_association_refresh max_concurrent_disk_ops image_type_exclude_list
        vmdk_allowed_types packing_host_numa_cells_allocation_strategy shutdown_retry_interval
        """,
        "libvirt": """
        virt_type connection_uri cpu_mode cpu_models cpu_model_extra_flags images_type
        images_rbd_pool images_rbd_ceph_conf rbd_user rbd_secret_uuid images_volume_group
        inject_password inject_key inject_partition live_migration_uri live_migration_inbound_addr
        live_migration_scheme live_migration_bandwidth live_migration_downtime
        live_migration_completion_timeout live_migration_timeout_action
        live_migration_permit_post_copy live_migration_permit_auto_converge
        live_migration_with_native_tls live_migration_parallel_connections disk_cachemodes
        hw_machine_type rng_dev_path num_pcie_ports file_backed_memory volume_use_multipath
        volume_enforce_multipath num_volume_scan_tries nfs_mount_options hw_disk_discard
        wait_soft_reboot_seconds remote_filesystem_transport rx_queue_size tx_queue_size max_queues
        swtpm_enabled pmem_namespaces snapshot_image_format volume_clear cpu_power_management
        num_intel_tdx_guests device_detach_attempts device_detach_timeout sysinfo_serial
        """,
        "vnc": """
        enabled server_listen server_proxyclient_address novncproxy_base_url novncproxy_host
        novncproxy_port auth_schemes
        """,
        "spice": """
        enabled agent_enabled html5proxy_base_url server_listen server_proxyclient_address
        spice_direct_proxy_base_url require_secure html5proxy_port
        """,
        "serial_console": """
        enabled base_url port_range proxyclient_address serialproxy_port
        """,
        "consoleauth": """
        token_ttl enforce_session_timeout
        """,
        "neutron": """
        ovs_bridge extension_sync_interval service_metadata_proxy metadata_proxy_shared_secret
        physnets default_floating_pool http_retries service_type endpoint_override
        """,
        "glance": """
        num_retries verify_glance_signatures enable_rbd_download default_trusted_certificate_ids
        service_type endpoint_override
        """,
        "cinder": """
        catalog_info endpoint_template cross_az_attach http_retries os_region_name
        """,
        "placement": """
        auth_type auth_url region_name service_type endpoint_override
        """,
        "quota": """
        driver instances cores ram metadata_items injected_files injected_file_content_bytes
        injected_file_path_length key_pairs server_groups server_group_members recheck_quota
        count_usage_from_placement unified_limits_resource_strategy unified_limits_resource_list
        """,
        "notifications": """
        notification_format versioned_notifications_topics notify_on_state_change default_level
        bdms_in_notifications
        """,
        "conductor": """
        workers
        """,
        "pci": """
        alias device_spec report_in_placement
        """,
        "image_cache": """
        manager_interval remove_unused_base_images remove_unused_original_minimum_age_seconds
        precache_concurrency subdirectory_name
        """,
        "workarounds": """
        disable_group_policy_check_upcall disable_fallback_pcpu_query never_download_image_if_on_rbd
        handle_virt_lifecycle_events reserve_disk_resource_for_image_cache
        wait_for_vif_plugged_event_during_hard_reboot unified_limits_count_pcpu_as_vcpu
        skip_cpu_compare_on_dest skip_cpu_compare_at_startup disable_compute_service_check_for_ffu
        enable_qemu_monitor_announce_self disable_deep_image_inspection
        ensure_libvirt_rbd_instance_dir_cleanup
        """,
        "service_user": """
        send_service_user_token auth_type
        """,
        "key_manager": """
        backend
        """,
        "devices": """
        enabled_mdev_types
        """,
        "upgrade_levels": """
        compute
        """,
        "wsgi": """
        api_paste_config
        """,
        "database": """
        connection slave_connection max_pool_size max_retries
        """,
        "api_database": """
        connection
        """,
        "ephemeral_storage_encryption": """
        enabled cipher key_size
        """,
    ]
}
