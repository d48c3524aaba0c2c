import { vendor as aliyun } from "./aliyun.ts";
import { vendor as azure } from "./azure.ts";
import { vendor as modelstudio } from "./modelstudio.ts";
import type { BenchVendor, VendorName } from "./vendor.ts";

export const VENDORS: Readonly<Record<VendorName, BenchVendor>> = { aliyun, modelstudio, azure };
