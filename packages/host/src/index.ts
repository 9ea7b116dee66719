export { defineWorkflow } from '@cadre/core';
