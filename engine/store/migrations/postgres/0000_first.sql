CREATE TABLE "artifacts" (
	"run_id" text NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"bytes" bigint NOT NULL,
	"media_type" text,
	"partial" boolean NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "artifacts_run_id_name_pk" PRIMARY KEY("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "callback_calls" (
	"id" text PRIMARY KEY NOT NULL,
	"token_hash" text NOT NULL,
	"run_id" text NOT NULL,
	"received_at_ms" bigint NOT NULL,
	"request" jsonb NOT NULL,
	"taken" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "callbacks" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"node" text NOT NULL,
	"name" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"acknowledgement" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"webhook_id" text NOT NULL,
	"url" text,
	"run_id" text,
	"event" text NOT NULL,
	"body" text NOT NULL,
	"state" text NOT NULL,
	"attempts" bigint NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"next_at_ms" bigint NOT NULL,
	"last" text
);
--> statement-breakpoint
CREATE TABLE "run_events" (
	"run_id" text NOT NULL,
	"id" bigint NOT NULL,
	"type" text NOT NULL,
	"version" bigint NOT NULL,
	"at_ms" bigint NOT NULL,
	"generation" bigint NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "run_events_run_id_id_pk" PRIMARY KEY("run_id","id")
);
--> statement-breakpoint
CREATE TABLE "facts" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "finals" (
	"run_id" text NOT NULL,
	"event_id" bigint NOT NULL,
	"output" text NOT NULL,
	"node" text NOT NULL,
	"role" text NOT NULL,
	"utterance" text NOT NULL,
	"text" text NOT NULL,
	"start_ms" double precision NOT NULL,
	"end_ms" double precision NOT NULL,
	"language" text,
	"speaker" text,
	"channel" bigint,
	"confidence" double precision,
	"words" jsonb,
	"latency_ms" double precision,
	CONSTRAINT "finals_run_id_event_id_pk" PRIMARY KEY("run_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"project" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"resource_id" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "idempotency_keys_project_kind_key_pk" PRIMARY KEY("project","kind","key")
);
--> statement-breakpoint
CREATE TABLE "job_items" (
	"job_id" text NOT NULL,
	"position" bigint NOT NULL,
	"state" text NOT NULL,
	"binding" jsonb NOT NULL,
	"labels" jsonb NOT NULL,
	"attempts" bigint NOT NULL,
	"run_id" text,
	"error_code" text,
	"error_message" text,
	"not_before_ms" bigint NOT NULL,
	CONSTRAINT "job_items_job_id_position_pk" PRIMARY KEY("job_id","position")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"key_id" text,
	"state" text NOT NULL,
	"workflow" text NOT NULL,
	"version" bigint,
	"workflow_text" text NOT NULL,
	"request" jsonb NOT NULL,
	"labels" jsonb NOT NULL,
	"items" bigint NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"ended_at_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"last_used_at_ms" bigint,
	"revoked_at_ms" bigint,
	"expires_at_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "node_state" (
	"run_id" text NOT NULL,
	"node" text NOT NULL,
	"name" text NOT NULL,
	"value" jsonb NOT NULL,
	CONSTRAINT "node_state_run_id_node_name_pk" PRIMARY KEY("run_id","node","name")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" text PRIMARY KEY NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run_labels" (
	"run_id" text NOT NULL,
	"name" text NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "run_labels_run_id_name_pk" PRIMARY KEY("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"key_id" text,
	"workflow" text NOT NULL,
	"version" bigint,
	"workflow_text" text NOT NULL,
	"request" jsonb NOT NULL,
	"own_secrets" jsonb NOT NULL,
	"state" text NOT NULL,
	"labels" jsonb NOT NULL,
	"keep" text NOT NULL,
	"record" boolean NOT NULL,
	"generation" bigint NOT NULL,
	"error_code" text,
	"error_message" text,
	"traceparent" text,
	"created_at_ms" bigint NOT NULL,
	"ended_at_ms" bigint,
	"accounts" jsonb
);
--> statement-breakpoint
CREATE TABLE "tracks" (
	"run_id" text NOT NULL,
	"track" text NOT NULL,
	"received" bigint NOT NULL,
	"kept" bigint NOT NULL,
	"ended" boolean NOT NULL,
	CONSTRAINT "tracks_run_id_track_pk" PRIMARY KEY("run_id","track")
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"name" text,
	"media_type" text,
	"bytes" bigint NOT NULL,
	"path" text NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run_usage" (
	"run_id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"key_id" text,
	"workflow" text NOT NULL,
	"labels" jsonb NOT NULL,
	"at_ms" bigint NOT NULL,
	"audio_seconds" double precision NOT NULL,
	"characters" double precision NOT NULL,
	"requests" double precision NOT NULL,
	"finals" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"url" text NOT NULL,
	"events" jsonb NOT NULL,
	"labels" jsonb NOT NULL,
	"secret" text NOT NULL,
	"old_secret" text,
	"old_secret_until_ms" bigint,
	"enabled" boolean NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workflows" (
	"project" text NOT NULL,
	"name" text NOT NULL,
	"version" bigint NOT NULL,
	"text" text NOT NULL,
	"description" text,
	"inputs" jsonb NOT NULL,
	"outputs" jsonb NOT NULL,
	"created_at_ms" bigint NOT NULL,
	CONSTRAINT "workflows_project_name_version_pk" PRIMARY KEY("project","name","version")
);
--> statement-breakpoint
CREATE INDEX "callback_calls_waiting" ON "callback_calls" USING btree ("token_hash","taken","id");--> statement-breakpoint
CREATE INDEX "callback_calls_by_run" ON "callback_calls" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "callbacks_by_run" ON "callbacks" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "deliveries_due" ON "deliveries" USING btree ("state","next_at_ms");--> statement-breakpoint
CREATE INDEX "deliveries_by_webhook" ON "deliveries" USING btree ("webhook_id","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "idempotency_by_age" ON "idempotency_keys" USING btree ("created_at_ms");--> statement-breakpoint
CREATE INDEX "job_items_by_state" ON "job_items" USING btree ("job_id","state","position");--> statement-breakpoint
CREATE INDEX "jobs_by_project" ON "jobs" USING btree ("project","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "jobs_by_state" ON "jobs" USING btree ("state");--> statement-breakpoint
CREATE INDEX "api_keys_by_project" ON "api_keys" USING btree ("project");--> statement-breakpoint
CREATE INDEX "run_labels_by_value" ON "run_labels" USING btree ("name","value");--> statement-breakpoint
CREATE INDEX "runs_by_project" ON "runs" USING btree ("project","created_at_ms","id");--> statement-breakpoint
CREATE INDEX "runs_by_state" ON "runs" USING btree ("state");--> statement-breakpoint
CREATE INDEX "runs_by_end" ON "runs" USING btree ("ended_at_ms");--> statement-breakpoint
CREATE INDEX "uploads_by_age" ON "uploads" USING btree ("created_at_ms");--> statement-breakpoint
CREATE INDEX "run_usage_by_project" ON "run_usage" USING btree ("project","at_ms");--> statement-breakpoint
CREATE INDEX "webhooks_by_project" ON "webhooks" USING btree ("project");