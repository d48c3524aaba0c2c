CREATE TABLE `artifacts` (
	`run_id` text NOT NULL,
	`name` text NOT NULL,
	`path` text NOT NULL,
	`bytes` integer NOT NULL,
	`media_type` text,
	`partial` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`run_id`, `name`)
);
--> statement-breakpoint
CREATE TABLE `callback_calls` (
	`id` text PRIMARY KEY NOT NULL,
	`token_hash` text NOT NULL,
	`run_id` text NOT NULL,
	`received_at_ms` integer NOT NULL,
	`request` text NOT NULL,
	`taken` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `callback_calls_waiting` ON `callback_calls` (`token_hash`,`taken`,`id`);--> statement-breakpoint
CREATE INDEX `callback_calls_by_run` ON `callback_calls` (`run_id`);--> statement-breakpoint
CREATE TABLE `callbacks` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`run_id` text NOT NULL,
	`node` text NOT NULL,
	`name` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`acknowledgement` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `callbacks_by_run` ON `callbacks` (`run_id`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`webhook_id` text NOT NULL,
	`url` text,
	`run_id` text,
	`event` text NOT NULL,
	`body` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`next_at_ms` integer NOT NULL,
	`last` text
);
--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`state`,`next_at_ms`);--> statement-breakpoint
CREATE INDEX `deliveries_by_webhook` ON `deliveries` (`webhook_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `run_events` (
	`run_id` text NOT NULL,
	`id` integer NOT NULL,
	`type` text NOT NULL,
	`version` integer NOT NULL,
	`at_ms` integer NOT NULL,
	`generation` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`run_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `facts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `finals` (
	`run_id` text NOT NULL,
	`event_id` integer NOT NULL,
	`output` text NOT NULL,
	`node` text NOT NULL,
	`role` text NOT NULL,
	`utterance` text NOT NULL,
	`text` text NOT NULL,
	`start_ms` real NOT NULL,
	`end_ms` real NOT NULL,
	`language` text,
	`speaker` text,
	`channel` integer,
	`confidence` real,
	`words` text,
	`latency_ms` real,
	PRIMARY KEY(`run_id`, `event_id`)
);
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`project` text NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`resource_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`project`, `kind`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_by_age` ON `idempotency_keys` (`created_at_ms`);--> statement-breakpoint
CREATE TABLE `job_items` (
	`job_id` text NOT NULL,
	`position` integer NOT NULL,
	`state` text NOT NULL,
	`binding` text NOT NULL,
	`labels` text NOT NULL,
	`attempts` integer NOT NULL,
	`run_id` text,
	`error_code` text,
	`error_message` text,
	`not_before_ms` integer NOT NULL,
	PRIMARY KEY(`job_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `job_items_by_state` ON `job_items` (`job_id`,`state`,`position`);--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`key_id` text,
	`state` text NOT NULL,
	`workflow` text NOT NULL,
	`version` integer,
	`workflow_text` text NOT NULL,
	`request` text NOT NULL,
	`labels` text NOT NULL,
	`items` integer NOT NULL,
	`created_at_ms` integer NOT NULL,
	`ended_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `jobs_by_project` ON `jobs` (`project`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_by_state` ON `jobs` (`state`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`last_used_at_ms` integer,
	`revoked_at_ms` integer,
	`expires_at_ms` integer
);
--> statement-breakpoint
CREATE INDEX `api_keys_by_project` ON `api_keys` (`project`);--> statement-breakpoint
CREATE TABLE `node_state` (
	`run_id` text NOT NULL,
	`node` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`run_id`, `node`, `name`)
);
--> statement-breakpoint
CREATE TABLE `projects` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `run_labels` (
	`run_id` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`run_id`, `name`)
);
--> statement-breakpoint
CREATE INDEX `run_labels_by_value` ON `run_labels` (`name`,`value`);--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`key_id` text,
	`workflow` text NOT NULL,
	`version` integer,
	`workflow_text` text NOT NULL,
	`request` text NOT NULL,
	`own_secrets` text NOT NULL,
	`state` text NOT NULL,
	`labels` text NOT NULL,
	`keep` text NOT NULL,
	`record` integer NOT NULL,
	`generation` integer NOT NULL,
	`error_code` text,
	`error_message` text,
	`traceparent` text,
	`created_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`accounts` text
);
--> statement-breakpoint
CREATE INDEX `runs_by_project` ON `runs` (`project`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_state` ON `runs` (`state`);--> statement-breakpoint
CREATE INDEX `runs_by_end` ON `runs` (`ended_at_ms`);--> statement-breakpoint
CREATE TABLE `tracks` (
	`run_id` text NOT NULL,
	`track` text NOT NULL,
	`received` integer NOT NULL,
	`kept` integer NOT NULL,
	`ended` integer NOT NULL,
	PRIMARY KEY(`run_id`, `track`)
);
--> statement-breakpoint
CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`name` text,
	`media_type` text,
	`bytes` integer NOT NULL,
	`path` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `uploads_by_age` ON `uploads` (`created_at_ms`);--> statement-breakpoint
CREATE TABLE `run_usage` (
	`run_id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`key_id` text,
	`workflow` text NOT NULL,
	`labels` text NOT NULL,
	`at_ms` integer NOT NULL,
	`audio_seconds` real NOT NULL,
	`characters` real NOT NULL,
	`requests` real NOT NULL,
	`finals` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `run_usage_by_project` ON `run_usage` (`project`,`at_ms`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` text PRIMARY KEY NOT NULL,
	`project` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`labels` text NOT NULL,
	`secret` text NOT NULL,
	`old_secret` text,
	`old_secret_until_ms` integer,
	`enabled` integer NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhooks_by_project` ON `webhooks` (`project`);--> statement-breakpoint
CREATE TABLE `workflows` (
	`project` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`text` text NOT NULL,
	`description` text,
	`inputs` text NOT NULL,
	`outputs` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`project`, `name`, `version`)
);
